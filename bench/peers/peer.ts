/** A library that people use, under the kit: what an adapter says, and how edits are drawn. */
import { setImmediate, setTimeout } from 'node:timers/promises'
import type { either as E } from 'fp-ts'
import * as fc from 'fast-check'
import {
  checkReplicas,
  checkReplicasAsync,
  type Counterexample,
  type CounterexampleData,
  type Coverage,
  type LawName,
  type MaybeLater,
  type Opaque,
  type OpaqueLater,
  type Where,
  type Options,
} from 'scuttlebutt-ts/laws'

/** An edit by its name and two small numbers, for an adapter to make of what it can. */
export type Edit = readonly [name: string, a: number, b: number]

/** Runs an edit. Gives the next replica, or anything else if the replica changed in place. */
type Act<R> = (replica: R, a: number, b: number, now: number) => unknown

export type Edits<R> = Readonly<Record<string, Act<R>>>

export interface Adapter<R, M> extends Omit<Opaque<R, Edit, M>, 'command' | 'local'> {
  /** Names that begin with `delete` count as removals. */
  readonly edits: Edits<R>
  /** Whether edits give the next replica. Default: replicas change in place. */
  readonly isImmutable?: boolean
}

export interface Peer {
  /** The package on npm. */
  readonly library: string
  /** The type, and the way in which replicas exchange what they know. */
  readonly type: string
  /** The promise that is held as the law, and where the documentation makes it. */
  readonly promise: string
  /** The script in test/laws/peers that shows the fault by the library alone. */
  readonly script?: string
  /** A fault that has a row of its own: the search passes it over. */
  readonly known?: (counterexample: CounterexampleData) => boolean
  /** The laws to ask, if not all. */
  readonly laws?: ReadonlyArray<LawName>
  readonly check: (options: Options<Edit>) => MaybeLater<E.Either<Counterexample, Coverage>>
}

/** Answers at once. */
export interface PeerAtOnce extends Peer {
  readonly check: (options: Options<Edit>) => E.Either<Counterexample, Coverage>
}

export const peer = <R, M>(about: Omit<Peer, 'check'>, adapter: Adapter<R, M>): PeerAtOnce => ({
  ...about,
  check: (options) => {
    const { edits, isImmutable = false, ...rest } = adapter
    const { known, laws } = about
    const given = {
      ...rest,
      ...options,
      ...(known !== undefined && { known }),
      ...(laws !== undefined && { laws }),
      ...drawn(about, edits),
      local:
        ([name, a, b]: Edit, { now }: Where) =>
        (replica: R) => {
          const next = edits[name]!(replica, a, b, now)
          return isImmutable ? (next as R) : undefined
        },
    }
    // an adapter has `send` or `told`
    return checkReplicas(given as typeof given & Opaque<R, Edit, M>)
  },
})

const drawn = <R>({ library, type }: Omit<Peer, 'check'>, edits: Edits<R>) => ({
  name: `${library}, ${type}`,
  command: fc.tuple(fc.constantFrom(...Object.keys(edits)), fc.nat(7), fc.nat(3)),
  describe: ([name, a, b]: Edit): string => `${name} ${String(a)} ${String(b)}`,
  isDelete: ([name]: Edit): boolean => name.startsWith('delete'),
})

/** Of a library that answers later. Replicas change in place. */
export interface AdapterLater<R, M> extends Omit<OpaqueLater<R, Edit, M>, 'command' | 'local'> {
  readonly edits: Edits<R>
  /** Waits until an edit is done. Default: an edit gives its promise. */
  readonly settles?: () => Promise<void>
}

export const peerLater = <R, M>(about: Omit<Peer, 'check'>, adapter: AdapterLater<R, M>): Peer => ({
  ...about,
  check: (options) => {
    const { edits, settles, ...rest } = adapter
    const given = {
      ...rest,
      ...options,
      ...drawn(about, edits),
      local:
        ([name, a, b]: Edit, { now }: Where) =>
        async (replica: R) => {
          await edits[name]!(replica, a, b, now)
          await settles?.()
        },
      giveUp: (signal: AbortSignal) => setTimeout(5000, undefined, { signal }),
    }
    // as above
    return checkReplicasAsync(given as typeof given & OpaqueLater<R, Edit, M>)
  },
})

/** The name of one of few keys, so that edits meet. */
export const key = (n: number): string => ['x', 'y', 'z'][n % 3]!

/** A text of 1 to 3 characters. */
export const word = (n: number): string => ['a', 'bc', 'd', 'efg'][n % 4]!

/** The place `n` in something of this length, and how many of `count` items are there. */
export const range = (length: number, n: number, count: number): [at: number, count: number] => {
  const at = n % (length + 1)
  return [at, Math.min(count, length - at)]
}

/** The id of a replica as a number, for libraries that number theirs. */
export const numberOf = (id: string): number =>
  Array.from(id).reduce((hash, character) => (hash * 31 + character.codePointAt(0)!) % 0x7fffffff, 7)

/** Runs something while `Date.now` stands still: some libraries read the clock themselves. */
export const atTime = <A>(now: number, run: () => A): A => {
  const { now: original } = Date
  Date.now = () => now
  try {
    return run()
  } finally {
    Date.now = original
  }
}

/** Turns of the event loop, until what was begun is done. */
export const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await setImmediate()
}
