/** Scuttlebutt reconciliation for one data type, as a plain record of pure functions. */
import type { either as E, option as O } from 'fp-ts'
import type { ClockRecord } from './core/Clock.js'
import type { Command, DataType } from './core/DataType.js'
import type { Budget } from './core/Frontier.js'
import { reconcile, type Message } from './core/reconcile.js'
import * as rejections from './core/Rejection.js'
import * as Replica from './core/Replica.js'
import type { SourceId, Update } from './core/Update.js'
import type * as Scuttlebucket from './data/Scuttlebucket.js'
import type { Unsignable } from './trust/limits.js'
import type { TrustError } from './trust/Security.js'
import { decode, decodeMessage, type MessageError } from './wire/decode.js'
import type { Policy } from './wire/Policy.js'
import type { SessionError } from './wire/Session.js'

/**
 * The reason for a refusal: what was wrong, where, and in which update. A value, never thrown. A
 * refused update changes nothing and moves no clock. Each kind is declared where it is made.
 */
export type Rejection = Replica.ChangeError | MessageError | SessionError | TrustError | Unsignable

/** The functions for rejections, under the name of the type. */
export const Rejection = rejections

/**
 * The functions take the replica last, so that they pipe. `core/Replica`, `core/reconcile` and
 * `wire/decode` say more, under the same names.
 */
export interface Scuttlebutt<S, C> {
  readonly dataType: DataType<S, C>
  /** A replica that has seen nothing. Two replicas that write under one id lose data. O(1). */
  readonly create: (id: SourceId) => Replica.Replica<S, C>
  /**
   * Makes a local update at `now`, in ms. Errors: the command's own, `InvalidChange`,
   * `TimestampsExhausted`. Costs as `applyUpdate`, and O(size of the change).
   */
  readonly change: <Err = never>(
    command: Command<S, C, Err>,
    now: number,
  ) => (
    replica: Replica.Replica<S, C>,
  ) => E.Either<Err | Rejection, readonly [update: Update<C>, replica: Replica.Replica<S, C>]>
  /** A reducer: `applyUpdates` of one. */
  readonly applyUpdate: (update: Update<C>) => (replica: Replica.Replica<S, C>) => Replica.Replica<S, C>
  /**
   * Applies the updates that the replica has not seen yet. Has no errors: believes the updates, see
   * `decode`. O(u (log n + log s)) for u updates, n held and s sources, and the data type's
   * `apply`.
   */
  readonly applyUpdates: (updates: Iterable<Update<C>>) => (replica: Replica.Replica<S, C>) => Replica.Replica<S, C>
  /** What a replica tells a peer about itself. O(s). */
  readonly digest: (replica: Replica.Replica<S, C>) => Replica.Digest
  /** The updates that `clock` does not cover, sorted. O(d log d + s log n) for d updates. */
  readonly history: (
    clock?: ClockRecord,
    budget?: Budget,
  ) => (replica: Replica.Replica<S, C>) => ReadonlyArray<Update<C>>
  /**
   * Takes a peer's message and gives the answer, `none` at the end. Has no errors: believes the
   * message, see `decodeMessage`. Costs as `applyUpdates`, `history` and `digest`.
   */
  readonly reconcile: (
    message: Message<C>,
    budget?: Budget,
  ) => (replica: Replica.Replica<S, C>) => readonly [Replica.Replica<S, C>, O.Option<Message<C>>]
  /** Drops what has lapsed at `now`, in ms. O(d log n + s) for d updates dropped. */
  readonly prune: (now: number) => (replica: Replica.Replica<S, C>) => Replica.Replica<S, C>
  /** The join with a replica that the caller trusts. O(d log d + s log n) for d new updates. */
  readonly merge: (other: Replica.Replica<S, C>) => (replica: Replica.Replica<S, C>) => Replica.Replica<S, C>
  /** An update from untrusted input, copied and frozen. Errors: `UpdateError`. O(size). */
  readonly decode: (policy?: Policy) => (input: unknown) => E.Either<Rejection, Update<C>>
  /** A message from untrusted input. Errors: `MessageError`. O(size). */
  readonly decodeMessage: (policy?: Policy) => (input: unknown) => E.Either<Rejection, Message<C>>
}

/**
 * A {@link Scuttlebutt} for a bucket of parts `P`. An editor shows it as this one name.
 */
export interface ScuttlebuttOfParts<P extends Scuttlebucket.Parts> extends Scuttlebutt<
  Scuttlebucket.State<P>,
  Scuttlebucket.Change<P>
> {
  readonly dataType: Scuttlebucket.Type<P>
}

/**
 * The functions of scuttlebutt for one data type. Has no errors. O(size of its codec).
 *
 * @example
 * import { option as O } from 'fp-ts'
 * import * as t from 'io-ts'
 * const { create, change, digest, reconcile } = scuttlebutt(Model.of(t.number))
 * const [, alice] = unwrap(change(Model.set('x', 1), 1000)(create('alice')))
 * const [, question] = reconcile({ digest: digest(alice), updates: [] })(create('bob'))
 * question // => O.some({ digest: { id: 'bob', clock: {} }, updates: [], asks: true })
 */
export function scuttlebutt<P extends Scuttlebucket.Parts>(bucket: Scuttlebucket.Type<P>): ScuttlebuttOfParts<P>
export function scuttlebutt<S, C>(dataType: DataType<S, C>): Scuttlebutt<S, C>
export function scuttlebutt<S, C>(dataType: DataType<S, C>): Scuttlebutt<S, C> {
  return {
    dataType,
    create: Replica.create(dataType),
    change: Replica.change(dataType),
    applyUpdate: Replica.applyUpdate(dataType),
    applyUpdates: Replica.applyUpdates(dataType),
    digest: Replica.digest,
    history: Replica.history(dataType),
    reconcile: reconcile(dataType),
    prune: Replica.prune(dataType),
    merge: Replica.merge(dataType),
    decode: decode(dataType),
    decodeMessage: decodeMessage(dataType),
  }
}
