/** A cell around a replica: only here does it change, and only here is the wall clock read. */
import type { either as E } from 'fp-ts'
import * as Clock from '../core/Clock.js'
import type { Command, DataType } from '../core/DataType.js'
import * as Past from '../core/Past.js'
import { failed, type Received } from '../core/receive.js'
import * as Replica from '../core/Replica.js'
import type { SourceId, Update } from '../core/Update.js'
import type { Rejection, Scuttlebutt } from '../scuttlebutt.js'
import type { Security } from '../trust/Security.js'
import type { Answer } from '../trust/Verifier.js'
import { createGate, unsignable, type Gate } from './store/gate.js'
import { withPort, type Port } from './store/Port.js'
import type { LocalStore } from './store/Store.js'

export type { Listener, LocalStore, Store } from './store/Store.js'

export interface StoreOptions<S, C> {
  /** The wall clock, in ms since the epoch. Default `Date.now`. */
  readonly now?: () => number
  /** The replica to start with. It is not checked. Default: an empty one. */
  readonly replica?: Replica.Replica<S, C>
  /** Whose updates are taken, and which ones. Default: all of everybody. */
  readonly security?: Security<S, C>
}

/**
 * A store. Listeners are called for every change, in the order of changes, also for one that a
 * listener makes. A listener that throws harms no other: its error surfaces as uncaught, as with
 * DOM events. Costs as the pure functions and O(listeners) a batch; with `security`, also as
 * signing and verifying.
 *
 * @example
 * import { option as O } from 'fp-ts'
 * import * as t from 'io-ts'
 * const store = createStore(scuttlebutt(Model.of(t.number)), 'alice')
 * store.change(Model.set('x', 1))
 * Model.get('x')(store.getReplica().state) // => O.some(1)
 */
export const createStore = <S, C>(
  scuttlebutt: Scuttlebutt<S, C>,
  id: SourceId,
  { now = Date.now, replica: saved = scuttlebutt.create(id), security }: StoreOptions<S, C> = {},
): LocalStore<S, C> => {
  const cell = createCell(saved.id === id ? saved : { ...saved, id })
  const { getReplica } = cell
  const intake = createIntake(scuttlebutt.dataType, cell, security, now)
  const store: LocalStore<S, C> = {
    scuttlebutt,
    getReplica,
    ...createWriter(scuttlebutt.dataType, cell, intake.gate, now),
    apply: (updates) => {
      const arrivals = Past.classify(scuttlebutt.dataType)(updates, cell.past())(getReplica())
      if (intake.gate === undefined) intake.take(arrivals)
      else void intake.gate.receive(Past.news(arrivals), () => undefined)
    },
    prune: () => {
      const replica = scuttlebutt.prune(now())(getReplica())
      if (replica !== getReplica()) cell.commit({ replica, taken: [], proofs: [], rebuilt: false })
    },
    subscribe: (listener) =>
      cell.subscribe(({ taken, replica }) => {
        listener(taken, replica)
      }),
  }
  return withPort(store, intake.port)
}

/** Takes updates from elsewhere: through the gate, if there is one. */
const createIntake = <S, C>(
  dataType: DataType<S, C>,
  { getReplica, commit, subscribe, past }: Cell<S, C>,
  security: Security<S, C> | undefined,
  now: () => number,
) => {
  const take = (arrivals: Past.ArrivalsWithPast<C>): Received<S, C>['proofs'] => {
    const received = Past.receive(dataType)(arrivals)(getReplica())
    if (received.replica !== getReplica()) commit(received)
    return received.proofs
  }
  const host = {
    getReplica,
    now,
    receive: (updates: ReadonlyArray<Update<C>>) => take(Past.classify(dataType)(updates, past())(getReplica())),
  }
  const gate = security && createGate(dataType, security, host)
  const port: Port<S, C> = {
    past,
    subscribe,
    receive: (arrivals, tell) => {
      if (gate !== undefined) {
        const updates = Past.news(arrivals)
        return updates.length === 0 ? undefined : gate.receive(updates, tell)
      }
      try {
        for (const proof of take(arrivals)) tell(proof)
      } catch (error) {
        tell(failed(error))
      }
      return undefined
    },
  }
  return { take, gate, port }
}

/** So often a change is made again if something else writes to the store meanwhile. */
const MAX_ATTEMPTS = 10

/** Makes local updates: proposes them, signs them if there is a gate, applies them. */
const createWriter = <S, C>(
  dataType: DataType<S, C>,
  { getReplica, commit, wrote }: Cell<S, C>,
  gate: Gate<C> | undefined,
  now: () => number,
): Pick<LocalStore<S, C>, 'change' | 'changeAsync'> => {
  const propose = Replica.propose(dataType)
  const applyOwn = Replica.applyOwn(dataType)
  let last: Promise<unknown> = Promise.resolve()

  const make = <Err>(command: Command<S, C, Err>): Answer<Err | Rejection, Update<C>> => {
    const made = propose(command, now())(getReplica())
    return made._tag === 'Left' || gate === undefined ? made : gate.sign(made.right)
  }
  /** Returns false if a later update under our id came first: then `update` must be made again. */
  const tryCommit = (update: Update<C>): boolean => {
    if (Clock.covers(update)(getReplica().clock)) return false
    wrote(update)
    commit({ replica: applyOwn(update)(getReplica()), taken: [update], proofs: [], rebuilt: false })
    return true
  }
  const change: LocalStore<S, C>['change'] = (command) => {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const made = make(command)
      if (typeof made === 'function') return unsignable('the signer takes its time: use changeAsync')
      // the command or the signer may have written to this store
      if (made._tag === 'Left' || tryCommit(made.right)) return made
    }
    throw new TypeError('a command, or a signer, writes to its own store each time it is called')
  }
  const changeAsync: LocalStore<S, C>['changeAsync'] = (command) => () => {
    const turn = async (): Promise<E.Either<Rejection, Update<C>>> => {
      const answer = make(command) as Answer<Rejection, Update<C>>
      const made = typeof answer === 'function' ? await answer() : answer
      return made._tag === 'Left' || tryCommit(made.right) ? made : turn()
    }
    const turned = last.then(turn)
    last = turned.catch(() => undefined)
    return turned
  }
  return { change, changeAsync }
}

/** The one mutable thing: a replica, and who hears of the next one. */
interface Cell<S, C> {
  readonly getReplica: () => Replica.Replica<S, C>
  /** Own updates that may be lost: see {@link Past}. */
  readonly past: () => Past.Past | undefined
  /** An own update is about to be committed. */
  readonly wrote: (update: Update<C>) => void
  /** Replaces the replica and calls the listeners, each batch in turn. */
  readonly commit: (received: Received<S, C>) => void
  readonly subscribe: (listener: (received: Received<S, C>) => void) => () => void
}

/** The current replica, and its listeners. */
const createCell = <S, C>(first: Replica.Replica<S, C>): Cell<S, C> => {
  let replica = first
  const listeners = new Set<{ readonly call: (received: Received<S, C>) => void }>()
  const untold: Received<S, C>[] = []
  let began = Past.begin(first)
  return {
    getReplica: () => replica,
    past: () => Past.of(began),
    wrote: (update) => {
      began = Past.wrote(update)(began)
    },
    commit: (received) => {
      replica = received.replica
      untold.push(received)
      if (untold.length > 1) return // a listener made this change: the loop below is running
      for (let next = untold[0]; next !== undefined; untold.shift(), next = untold[0]) {
        for (const listener of [...listeners]) if (listeners.has(listener)) notify(listener.call, next)
      }
    },
    subscribe: (call) => {
      const listener = { call }
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

const notify = <A>(listener: (event: A) => void, event: A): void => {
  try {
    listener(event)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
