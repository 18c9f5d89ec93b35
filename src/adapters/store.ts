/** A cell around a replica: the one place where it changes, and where the wall clock is read. */
import type { either as E, taskEither as TE } from 'fp-ts'
import * as Clock from '../core/Clock.js'
import type { Command } from '../core/DataType.js'
import type { Rejection } from '../core/Rejection.js'
import * as Replica from '../core/Replica.js'
import type { Timestamp } from '../core/Timestamp.js'
import type { SourceId, Update } from '../core/Update.js'
import type { Scuttlebutt } from '../scuttlebutt.js'
import type { Answer, Security } from '../trust/Security.js'
import { createGate } from './store/gate.js'

/** Gets the updates that were new, and the replica after them. */
export type Listener<S, C> = (updates: ReadonlyArray<Update<C>>, replica: Replica.Replica<S, C>) => void

/** Small enough that a Redux store can be one. */
export interface Store<S, C> {
  readonly scuttlebutt: Scuttlebutt<S, C>
  readonly getReplica: () => Replica.Replica<S, C>
  /** Makes a local update. Errors as the pure `change`; then nothing happened. */
  readonly change: <Err = never>(command: Command<S, C, Err>) => E.Either<Err | Rejection, Update<C>>
  /** Applies what is new of a batch, as a whole; says nothing to anybody if nothing is. */
  readonly apply: (updates: ReadonlyArray<Update<C>>) => void
  /** Returns the unsubscription. */
  readonly subscribe: (listener: Listener<S, C>) => () => void
  /** What of its own it may have made before it began, and lost: nothing so long as it has written nothing. Streams ask peers for it. */
  readonly past?: () => Replica.Past | undefined
  /**
   * As `apply`, where there is `security`: tells what it refuses, and gives something to wait for if that takes time. Streams
   * use it where it is there.
   */
  readonly admit?: (
    updates: ReadonlyArray<Update<C>>,
    tell: (rejection: Rejection) => void,
  ) => Promise<void> | undefined
}

/** What {@link createStore} makes. */
export interface PrunableStore<S, C> extends Store<S, C> {
  /** Lets go of what has lapsed by now; if there was any, listeners are told, with no updates. */
  readonly prune: () => void
  /** As `change`, for a signer that takes its time too. One after the other, in the order in which they are run. */
  readonly changeAsync: <Err = never>(command: Command<S, C, Err>) => TE.TaskEither<Err | Rejection, Update<C>>
}

export interface StoreOptions<S, C> {
  /** The wall clock, in ms since the epoch. Default `Date.now`. */
  readonly now?: () => number
  /** Where to go on from. Believed. Default: an empty replica. */
  readonly replica?: Replica.Replica<S, C>
  /** Who may say what. Default: anybody anything. */
  readonly security?: Security<S, C>
}

/**
 * A store. Listeners are told of every change in the order of changes, also of one made by a
 * listener, and one that throws harms no other: its error surfaces as uncaught, as with DOM events.
 * Costs as the pure functions, and O(listeners) a batch; and what it takes to sign and verify, with `security`.
 *
 * @example
 * const store = createStore(scuttlebutt(Model.of(t.number)), 'alice')
 * store.change(Model.set('x', 1))
 * Model.get('x')(store.getReplica().state) // => O.some(1)
 */
export const createStore = <S, C>(
  scuttlebutt: Scuttlebutt<S, C>,
  id: SourceId,
  { now = Date.now, replica: saved = scuttlebutt.create(id), security }: StoreOptions<S, C> = {},
): PrunableStore<S, C> => {
  const { dataType } = scuttlebutt
  let replica: Replica.Replica<S, C> = saved.id === id ? saved : { ...saved, id }
  const listeners = new Set<{ readonly call: Listener<S, C> }>()
  const untold: (readonly [ReadonlyArray<Update<C>>, Replica.Replica<S, C>])[] = []

  const commit = (updates: ReadonlyArray<Update<C>>, next: Replica.Replica<S, C>): void => {
    replica = next
    untold.push([updates, next])
    if (untold.length > 1) return // a listener made this change: the loop below is running
    for (let news = untold[0]; news !== undefined; untold.shift(), news = untold[0]) {
      for (const listener of [...listeners]) if (listeners.has(listener)) tell(listener.call, ...news)
    }
  }

  const take = (updates: ReadonlyArray<Update<C>>): ReadonlyArray<Rejection> => {
    const [taken, next, proofs] = Replica.take(dataType)(updates, past())(replica)
    if (next !== replica) commit(taken, next)
    return proofs
  }

  /** What of our own we had, and what we have made first since. */
  const since = Clock.timestampOf(id)(replica.clock)
  let until: Timestamp | undefined
  const past = (): Replica.Past | undefined => (until === undefined ? undefined : { source: id, since, until })

  const takeOwn = (update: Update<C>): void => {
    take([update])
    until ??= update[1]
  }

  const gate = security && createGate(scuttlebutt, security, { getReplica: () => replica, take, now })
  const propose = Replica.propose(dataType)
  let last: Promise<unknown> = Promise.resolve()

  /** A local update that may be, signed but not applied. */
  const make = <Err>(command: Command<S, C, Err>): Answer<Err | Rejection, Update<C>> => {
    const made = propose(command, now())(replica)
    return made._tag === 'Left' || gate === undefined ? made : gate.sign(made.right)
  }

  return {
    scuttlebutt,
    getReplica: () => replica,
    past,
    change: (command) => {
      const made = make(command)
      if (typeof made === 'function') return unsignable('the signer takes its time: use changeAsync')
      if (made._tag === 'Right') takeOwn(made.right)
      return made
    },
    changeAsync: (command) => () => {
      const turn = async (): Promise<Awaited<ReturnType<TE.TaskEither<Rejection, Update<C>>>>> => {
        const answer = make(command) as Answer<Rejection, Update<C>>
        const made = typeof answer === 'function' ? await answer() : answer
        if (made._tag === 'Left') return made
        // another writes under our id, and came first
        if (Clock.covers(made.right)(replica.clock)) return turn()
        takeOwn(made.right)
        return made
      }
      const turned = last.then(turn)
      last = turned.catch(() => undefined)
      return turned
    },
    apply: (updates) => {
      if (gate === undefined) take(updates)
      else void gate.admit(Replica.news(dataType)(updates, past())(replica), () => undefined)
    },
    ...(gate && { admit: gate.admit }),
    prune: () => {
      const next = scuttlebutt.prune(now())(replica)
      if (next !== replica) commit([], next)
    },
    subscribe: (call) => {
      const listener = { call }
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

const unsignable = (reason: string): E.Left<Rejection> => ({
  _tag: 'Left',
  left: { _tag: 'Unsignable', at: '', reason },
})

const tell = <S, C>(listener: Listener<S, C>, ...news: Parameters<Listener<S, C>>): void => {
  try {
    listener(...news)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
