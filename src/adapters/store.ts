/** A cell around a replica: the one place where it changes, and where the wall clock is read. */
import type { either as E } from 'fp-ts'
import type { Command } from '../core/DataType.js'
import type { Rejection } from '../core/Rejection.js'
import * as Replica from '../core/Replica.js'
import type { SourceId, Update } from '../core/Update.js'
import type { Scuttlebutt } from '../scuttlebutt.js'

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
}

/** What {@link createStore} makes. */
export interface PrunableStore<S, C> extends Store<S, C> {
  /** Lets go of what has lapsed by now; if there was any, listeners are told, with no updates. */
  readonly prune: () => void
}

export interface StoreOptions<S, C> {
  /** The wall clock, in ms since the epoch. Default `Date.now`. */
  readonly now?: () => number
  /** Where to go on from. Default: an empty replica. */
  readonly replica?: Replica.Replica<S, C>
}

/**
 * A store. Listeners are told of every change in the order of changes, also of one made by a
 * listener, and one that throws harms no other: its error surfaces as uncaught, as with DOM events.
 * Costs as the pure functions, and O(listeners) a batch.
 *
 * @example
 * const store = createStore(scuttlebutt(Model.of(t.number)), 'alice')
 * store.change(Model.set('x', 1))
 * Model.get('x')(store.getReplica().state) // => O.some(1)
 */
export const createStore = <S, C>(
  scuttlebutt: Scuttlebutt<S, C>,
  id: SourceId,
  { now = Date.now, replica: saved = scuttlebutt.create(id) }: StoreOptions<S, C> = {},
): PrunableStore<S, C> => {
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

  return {
    scuttlebutt,
    getReplica: () => replica,
    change: (command) => {
      const changed = scuttlebutt.change(command, now())(replica)
      if (changed._tag === 'Left') return changed
      const [update, next] = changed.right
      commit([update], next)
      return { _tag: 'Right', right: update }
    },
    apply: (updates) => {
      const [fresh, next] = Replica.admit(scuttlebutt.dataType)(updates)(replica)
      if (next !== replica) commit(fresh, next)
    },
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

const tell = <S, C>(listener: Listener<S, C>, ...news: Parameters<Listener<S, C>>): void => {
  try {
    listener(...news)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
