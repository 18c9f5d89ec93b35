/** Scuttlebutt reconciliation for one data type, as a plain record of pure functions. */
import type { either as E, option as O } from 'fp-ts'
import type { ClockRecord } from './core/Clock.js'
import type { Command, DataType } from './core/DataType.js'
import type { Budget } from './core/Frontier.js'
import { reconcile, type Message } from './core/reconcile.js'
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

/**
 * The functions take the replica last, so that they pipe. Their costs and errors are in
 * `core/Replica`, `core/reconcile` and `wire/decode`, under the same names.
 */
export interface Scuttlebutt<S, C> {
  readonly dataType: DataType<S, C>
  readonly create: (id: SourceId) => Replica.Replica<S, C>
  readonly change: <Err = never>(
    command: Command<S, C, Err>,
    now: number,
  ) => (
    replica: Replica.Replica<S, C>,
  ) => E.Either<Err | Rejection, readonly [update: Update<C>, replica: Replica.Replica<S, C>]>
  readonly applyUpdate: (update: Update<C>) => (replica: Replica.Replica<S, C>) => Replica.Replica<S, C>
  readonly applyUpdates: (updates: Iterable<Update<C>>) => (replica: Replica.Replica<S, C>) => Replica.Replica<S, C>
  readonly digest: (replica: Replica.Replica<S, C>) => Replica.Digest
  readonly history: (
    clock?: ClockRecord,
    budget?: Budget,
  ) => (replica: Replica.Replica<S, C>) => ReadonlyArray<Update<C>>
  readonly reconcile: (
    message: Message<C>,
    budget?: Budget,
  ) => (replica: Replica.Replica<S, C>) => readonly [Replica.Replica<S, C>, O.Option<Message<C>>]
  readonly prune: (now: number) => (replica: Replica.Replica<S, C>) => Replica.Replica<S, C>
  readonly merge: (other: Replica.Replica<S, C>) => (replica: Replica.Replica<S, C>) => Replica.Replica<S, C>
  readonly decode: (policy?: Policy) => (input: unknown) => E.Either<Rejection, Update<C>>
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
