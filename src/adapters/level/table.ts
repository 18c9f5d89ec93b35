/** A replica's sublevel of a database. */
import type { AbstractLevel } from 'abstract-level'
import type { SourceId } from '../../core/Update.js'
import { ENTRIES_A_READ, OWNER, type Entry, type Key, type Table } from '../storage/entries.js'
import * as names from '../storage/names.js'
import { attempt, type LevelFailure } from './LevelError.js'

/**
 * A database: `classic-level`, `browser-level`, `memory-level`, with any types of keys and values.
 * The replicas have sublevels of their own, and nothing else in the database is touched.
 */
export interface Level {
  readonly open: () => Promise<void>
  readonly sublevel: (name: string | string[]) => unknown
}

export type Sublevel = AbstractLevel<unknown, string, string>

/**
 * `sync`: whether a batch must be on the disk itself. `write` starts a batch. A look comes before
 * each batch: it opens the sublevel again if the caller closed and opened the database.
 */
export const tableOf = (
  sublevel: Sublevel,
  sync: boolean,
  write: <A>(batch: () => Promise<A>) => Promise<A>,
): Table<LevelFailure> => ({
  attempt,
  entries: () => entries(sublevel),
  isKeyOf: createIsKeyOf(),
  update: async (act) => {
    if (sublevel.status !== 'open') await sublevel.open()
    const operations = act(await sublevel.get(OWNER))
    const batch = operations?.map(([at, value]) => {
      const key = textOf(at)
      return value === undefined ? { type: 'del' as const, key } : { type: 'put' as const, key, value }
    })
    if (batch !== undefined && batch.length > 0) await write(() => sublevel.batch(batch, { sync } as object))
    return operations !== undefined
  },
})

/**
 * A key as text, sorted as sources and stamps are: `u<source>!<stamp>`, and `!1` for the second
 * content. No key of one source begins a key of another: `!` is in no encoded name.
 */
const textOf = (key: Key): string => {
  if (typeof key === 'string') return key
  const [kind, source, timestamp, depth = 0] = key
  const ofSource = sourceText(kind, source)
  if (timestamp === undefined) return ofSource
  const text = ofSource + stampText(timestamp)
  return depth === 0 ? text : `${text}!${String(depth)}`
}

const sourceText = (kind: string, source: SourceId): string => `${kind}${names.encode(source)}!`

/** Reused: each key is made in one go. */
const bytes = new DataView(new ArrayBuffer(8))

/** Positive doubles sort as their bits do. */
const stampText = (timestamp: number): string => {
  bytes.setFloat64(0, timestamp)
  return hex(bytes.getUint32(0)) + hex(bytes.getUint32(4))
}

const hex = (half: number): string => half.toString(16).padStart(8, '0')

/** Makes the text of a source once for all its updates: they come together. */
const createIsKeyOf = (): NonNullable<Table<never>['isKeyOf']> => {
  let [ofKind, ofSource, text] = ['', '', '']
  return (key, [, timestamp, source]) => {
    const kind = key[0] as string
    if (kind !== ofKind || source !== ofSource) {
      ;[ofKind, ofSource, text] = [kind, source, sourceText(kind, source)]
    }
    // a further content has its depth behind the stamp
    return (key as string).startsWith(text + stampText(timestamp))
  }
}

/** An iterator reads a snapshot, but for one of `browser-level`. */
async function* entries(sublevel: Sublevel): AsyncIterable<ReadonlyArray<Entry>> {
  const iterator = sublevel.iterator()
  try {
    for (;;) {
      const piece = await iterator.nextv(ENTRIES_A_READ)
      if (piece.length === 0) return
      yield piece
    }
  } finally {
    await iterator.close()
  }
}
