/**
 * What happens in a network of devices that exchange messages and sessions, as they really do: a
 * message stays in the mail until somebody hears it, and a link is cut after any of its lines.
 *
 * `mail` and `link` count from 0 among those that there are; a number beyond goes round.
 */

/** Why a device refuses updates: they are too long, too new for its clock, or too many. */
export type Refusing = 'long' | 'early' | 'many'

/** A device puts a message into the mail: its digest, or what came since an older version. */
interface Mailed {
  readonly _tag: 'open'
  readonly at: number
}

interface Pushed {
  readonly _tag: 'push'
  readonly at: number
  /** The version that it was at, counted from the first. */
  readonly version: number
}

/** Anybody but its sender hears a message. The answer goes into the mail. */
interface Heard {
  readonly _tag: 'hear'
  readonly to: number
  readonly mail: number
  /** The most updates of the answer; 0 for any number. */
  readonly budget: number
  /** The message stays in the mail: it comes again, late, or to others. */
  readonly keep: boolean
  readonly refuses?: Refusing | undefined
}

/** Two devices talk until one has nothing to say. The second may refuse updates. */
interface Talk {
  readonly _tag: 'talk'
  readonly from: number
  readonly to: number
  readonly budgets: readonly [number, number]
  readonly refuses?: Refusing | undefined
}

interface Merge {
  readonly _tag: 'merge'
  readonly from: number
  readonly to: number
}

/** `die` is for good. `upgrade` gives a device the program that reads every change. */
interface Fate {
  readonly _tag: 'die' | 'upgrade'
  readonly at: number
}

/**
 * `restore` opens an older version from storage. `rewind` goes back to it, and catches up with the
 * head. `fork` writes to it carelessly: two contents may come under one stamp.
 */
export interface Back {
  readonly _tag: 'restore' | 'rewind' | 'fork'
  readonly at: number
  readonly version: number
}

interface Prune {
  readonly _tag: 'prune'
  readonly at: number
  readonly now: number
}

interface Connect {
  readonly _tag: 'connect'
  readonly from: number
  readonly to: number
}

/** One side of a link says what it has to say. */
interface Say {
  readonly _tag: 'say'
  readonly link: number
  readonly side: 0 | 1
  /** The most messages. */
  readonly most: number
}

/** One side of a link hears the next lines. */
interface Carry {
  readonly _tag: 'carry'
  readonly link: number
  readonly side: 0 | 1
  readonly lines: number
  /** What happens to the first of them. */
  readonly harm?: 'lost' | 'damaged' | undefined
  readonly refuses?: Refusing | undefined
}

interface Cut {
  readonly _tag: 'cut'
  readonly link: number
}

export type ExchangeStep = Mailed | Pushed | Heard | Talk | Merge | Fate | Back | Prune | Connect | Say | Carry | Cut

/** The laws of such networks. */
export type ExchangeLaw = 'certainty' | 'digests' | 'agreement' | 'ends' | 'drains' | 'clock' | 'timeTravel'

/** What may happen in such a network. */
export type ExchangeFeature =
  | 'doubt'
  | 'unread'
  | 'upgrade'
  | 'push'
  | 'overheard'
  | 'linkCut'
  | 'lineHarmed'
  | 'updateRefused'
  | 'budget'
  | 'death'
  | 'restore'
  | 'oldVersion'
