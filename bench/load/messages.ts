/** What the processes of `bench:load` say to one another. */

export interface Load {
  readonly clients: number
  readonly documents: number
  /** In documents of ten. */
  readonly writers: number
  /** Writes a second of each. */
  readonly rate: number
  /** Readers of the one document, and its writes a second. */
  readonly readers: number
  readonly hot: number
  /** How long each phase takes. */
  readonly seconds: number
}

export type Ask = 'facts' | 'first' | 'rest' | 'write' | 'hot'

/** Bytes, and ms of CPU since the start. */
export interface Facts {
  readonly rss: number
  readonly heap: number
  readonly cpu: number
}

/** Latencies in ms, from when a write is due until the last reader has it. */
export interface Latencies {
  readonly writes: number
  readonly p50: number
  readonly p99: number
  readonly max: number
  /** Writes that some reader did not get. */
  readonly lost: number
  readonly cpu: number
}

export type Told = Facts | Latencies | 'done'
