/** Makes local updates: proposes them, signs them if there is a gate, applies them. */
import type { either as E } from 'fp-ts'
import * as Clock from '../../core/Clock.js'
import type { Command, DataType } from '../../core/DataType.js'
import { left, right } from '../../core/Either.js'
import { unchanged } from '../../core/receive.js'
import * as Replica from '../../core/Replica.js'
import type { Update } from '../../core/Update.js'
import type { AheadOfClock, Rejection, Scuttlebutt } from '../../scuttlebutt.js'
import type { Answer } from '../../trust/Verifier.js'
import { MAX_DRIFT } from '../../wire/Policy.js'
import type { Cell } from './Cell.js'
import { unsignable, type Gate } from './gate.js'
import type { LocalStore } from './Store.js'

/** So often a change is made again if something else writes to the store meanwhile. */
const MAX_ATTEMPTS = 10

export interface WriterOptions {
  readonly now: () => number
  readonly maxDrift?: number
  readonly strict?: boolean
}

export const createWriter = <S, C>(
  { dataType, propose, changeAll: makeAll }: Scuttlebutt<S, C>,
  cell: Cell<S, C>,
  gate: Gate<C> | undefined,
  options: WriterOptions,
): Pick<LocalStore<S, C>, 'change' | 'changeAll' | 'changeAsync'> => {
  const { getReplica } = cell
  const { now } = options
  const { commitAll, refusal } = createCommit(dataType, cell, options)
  let last: Promise<unknown> = Promise.resolve()

  const make = <Err>(command: Command<S, C, Err>): Answer<Err | Rejection, Update<C>> => {
    const refused = refusal()
    if (refused !== undefined) return left(refused)
    const made = propose(command, now())(getReplica())
    return made._tag === 'Left' || gate === undefined ? made : gate.sign(made.right)
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
    const refused = refusal()
    if (refused !== undefined) return left(refused)
    const before = getReplica()
    const made =
      gate === undefined ? updatesOf(makeAll(commands, now())(before)) : signAll(dataType, gate, commands, now, before)
    if (made._tag === 'Left') return made
    if (getReplica() !== before) throw new TypeError('a command, or a signer, writes to its own store')
    if (made.right.length > 0) commitAll(made.right)
    return made
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

const updatesOf = <Err, A>(made: E.Either<Err, readonly [A, unknown]>): E.Either<Err, A> =>
  made._tag === 'Left' ? made : right(made.right[0])

/** Several signed updates, each made on the state after those before it. */
const signAll = <S, C, Err>(
  dataType: DataType<S, C>,
  gate: Gate<C>,
  commands: Iterable<Command<S, C, Err>>,
  now: () => number,
  before: Replica.Replica<S, C>,
): E.Either<Err | Rejection, ReadonlyArray<Update<C>>> => {
  const propose = Replica.propose(dataType)
  const updates: Update<C>[] = []
  let replica = before
  for (const command of commands) {
    const made = propose(command, now())(replica)
    const signed = made._tag === 'Left' ? made : gate.sign(made.right, replica)
    if (typeof signed === 'function') return unsignable('the signer takes its time: use changeAsync')
    if (signed._tag === 'Left') return signed
    updates.push(signed.right)
    replica = Replica.applyOwn(dataType)(signed.right)(replica)
  }
  return right(updates)
}

/** Commits own updates, and sees whether the wall clock is too far behind for peers. */
const createCommit = <S, C>(
  dataType: DataType<S, C>,
  { getReplica, commit, wrote, isRestored, refuse }: Cell<S, C>,
  { now, maxDrift = MAX_DRIFT, strict = false }: WriterOptions,
) => {
  const applyOwn = Replica.applyOwn(dataType)
  const drift = Math.min(maxDrift, dataType.maxDrift ?? Infinity)
  const aheadOfClock = (): AheadOfClock | undefined => {
    const [{ latest }, clock] = [getReplica().clock, now()]
    return latest - clock > drift ? { _tag: 'AheadOfClock', at: '', latest, now: clock } : undefined
  }
  return {
    /** Why no update is made at all. */
    refusal: () => (strict ? aheadOfClock() : undefined),
    commitAll: (updates: ReadonlyArray<Update<C>>): void => {
      const [before, ahead] = [getReplica(), aheadOfClock()]
      for (const update of updates) wrote(update)
      const after = updates.reduce((next, update) => applyOwn(update)(next), before)
      const { id } = before
      // peers may bring back older ones of our own: only a whole round makes us sure of ourselves
      const clock = isRestored() ? Clock.doubtFrom(id, Clock.sureOf(id, before.clock))(after.clock) : after.clock
      const replica = clock === after.clock ? after : { ...after, clock }
      commit({ ...unchanged(replica), taken: updates, isOwn: true })
      if (ahead === undefined) return
      refuse(updates.map(([, timestamp, source]) => ({ timestamp, source, reason: ahead._tag })))
    },
  }
}
