/** A cell around a replica: only here does it change, and only here is the wall clock read. */
import type { either as E } from 'fp-ts'
import * as Clock from '../core/Clock.js'
import type { Command, DataType } from '../core/DataType.js'
import { left, right } from '../core/Either.js'
import * as Replica from '../core/Replica.js'
import type { SourceId, Update } from '../core/Update.js'
import type { AheadOfClock, Rejection, Scuttlebutt } from '../scuttlebutt.js'
import type { Security } from '../trust/Security.js'
import type { Answer } from '../trust/Verifier.js'
import { MAX_DRIFT } from '../wire/Policy.js'
import { createCell, type Cell } from './store/Cell.js'
import { unsignable, type Gate } from './store/gate.js'
import { createIntake } from './store/intake.js'
import { withPort } from './store/Port.js'
import type { LocalStore } from './store/Store.js'

export type { Listener, LocalStore, RefusedUpdate, Store } from './store/Store.js'

export interface StoreOptions<S, C> {
  /** The wall clock, in ms since the epoch. Default `Date.now`. */
  readonly now?: () => number
  /** The replica to start with. It is not checked. Default: an empty one. */
  readonly replica?: Replica.Replica<S, C>
  /** Whose updates are taken, and which ones. Default: all of everybody. */
  readonly security?: Security<S, C>
  /**
   * How far, in ms, the wall clock may be behind the newest stamp seen, before an own update counts
   * as `AheadOfClock`: peers may refuse it. Default: a day, or less if the data type says so.
   */
  readonly maxDrift?: number
  /** Refuses to make such an update. Default: makes it, and tells it by `refusals()`. */
  readonly strict?: boolean
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
  options: StoreOptions<S, C> = {},
): LocalStore<S, C> => {
  const { now = Date.now, replica: saved = scuttlebutt.create(id), security } = options
  const { dataType } = scuttlebutt
  const cell = createCell(scuttlebutt.reread(saved.id === id ? saved : { ...saved, id }))
  const { getReplica } = cell
  const { gate, port, hear, apply } = createIntake(dataType, cell, security, now)
  const store: LocalStore<S, C> = {
    scuttlebutt,
    getReplica,
    ...createWriter(scuttlebutt, cell, gate, { ...options, now }),
    apply,
    reconcile: (message, budget, { trusted } = {}) => hear(message, budget, trusted).answer(),
    reconcileAsync: async (message, budget, { trusted } = {}) => {
      const { taking, answer } = hear(message, budget, trusted)
      await taking
      return answer()
    },
    prune: () => {
      cell.set(scuttlebutt.prune(now())(getReplica()))
    },
    settle: (sources) => {
      cell.set(scuttlebutt.settle(sources)(getReplica()))
    },
    unread: () => scuttlebutt.unread(getReplica()),
    refusals: cell.refusals,
    reissue: (newId) => {
      const [updates, replica] = scuttlebutt.reissue(newId, now())(getReplica())
      cell.commit({ replica, taken: updates, unread: [], proofs: [], isRemade: true })
      cell.begin()
      return updates
    },
    subscribe: (listener) =>
      cell.subscribe(({ taken, replica, before }) => {
        listener(taken, replica, before)
      }),
  }
  return withPort(store, port)
}

/** So often a change is made again if something else writes to the store meanwhile. */
const MAX_ATTEMPTS = 10

/** Makes local updates: proposes them, signs them if there is a gate, applies them. */
const createWriter = <S, C>(
  { dataType, propose, changeAll: makeAll }: Scuttlebutt<S, C>,
  { getReplica, commit, wrote, isRestored, refuse }: Cell<S, C>,
  gate: Gate<C> | undefined,
  { now, maxDrift = MAX_DRIFT, strict = false }: StoreOptions<S, C> & { readonly now: () => number },
): Pick<LocalStore<S, C>, 'change' | 'changeAll' | 'changeAsync'> => {
  const applyOwn = Replica.applyOwn(dataType)
  const drift = Math.min(maxDrift, dataType.maxDrift ?? Infinity)
  let last: Promise<unknown> = Promise.resolve()

  const aheadOfClock = (): AheadOfClock | undefined => {
    const [{ latest }, clock] = [getReplica().clock, now()]
    return latest - clock > drift ? { _tag: 'AheadOfClock', at: '', latest, now: clock } : undefined
  }
  const make = <Err>(command: Command<S, C, Err>): Answer<Err | Rejection, Update<C>> => {
    const ahead = strict ? aheadOfClock() : undefined
    if (ahead !== undefined) return left(ahead)
    const made = propose(command, now())(getReplica())
    return made._tag === 'Left' || gate === undefined ? made : gate.sign(made.right)
  }
  const commitAll = (updates: ReadonlyArray<Update<C>>): void => {
    const [before, ahead] = [getReplica(), aheadOfClock()]
    for (const update of updates) wrote(update)
    const after = updates.reduce((next, update) => applyOwn(update)(next), before)
    const { id } = before
    // peers may bring back older updates of our own: only a whole round makes us sure of ourselves
    const clock = isRestored() ? Clock.doubtFrom(id, Clock.sureOf(id)(before.clock))(after.clock) : after.clock
    const replica = clock === after.clock ? after : { ...after, clock }
    commit({ replica, taken: updates, unread: [], proofs: [], isRemade: false })
    if (ahead !== undefined) {
      refuse(updates.map(([, timestamp, source]) => ({ timestamp, source, reason: ahead._tag })))
    }
  }
  /** Returns false if a later update under our id came first: then `update` must be made again. */
  const tryCommit = (update: Update<C>): boolean => {
    if (Clock.covers(update)(getReplica().clock)) return false
    commitAll([update])
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
  const changeAll: LocalStore<S, C>['changeAll'] = (commands) => {
    const ahead = strict ? aheadOfClock() : undefined
    if (ahead !== undefined) return left(ahead)
    if (gate !== undefined) return signAll(dataType, gate, [...commands], now, getReplica, commitAll)
    const before = getReplica()
    const made = makeAll(commands, now())(before)
    if (made._tag === 'Left') return made
    if (getReplica() !== before) throw new TypeError('a command writes to its own store')
    if (made.right[0].length > 0) commitAll(made.right[0])
    return right(made.right[0])
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
  return { change, changeAll, changeAsync }
}

/** Several signed updates, each made on the state after those before it. */
const signAll = <S, C, Err>(
  dataType: DataType<S, C>,
  gate: Gate<C>,
  commands: ReadonlyArray<Command<S, C, Err>>,
  now: () => number,
  getReplica: () => Replica.Replica<S, C>,
  commitAll: (updates: ReadonlyArray<Update<C>>) => void,
): E.Either<Err | Rejection, ReadonlyArray<Update<C>>> => {
  const propose = Replica.propose(dataType)
  const updates: Update<C>[] = []
  let replica = getReplica()
  for (const command of commands) {
    const made = propose(command, now())(replica)
    const signed = made._tag === 'Left' ? made : gate.sign(made.right, replica)
    if (typeof signed === 'function') return unsignable('the signer takes its time: use changeAsync')
    if (signed._tag === 'Left') return signed
    updates.push(signed.right)
    replica = Replica.applyOwn(dataType)(signed.right)(replica)
  }
  if (updates.length > 0) commitAll(updates)
  return right(updates)
}
