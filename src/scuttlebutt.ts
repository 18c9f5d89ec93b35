/** Scuttlebutt reconciliation for one data type, as a plain record of pure functions. */
import type { either as E, option as O } from 'fp-ts'
import type { ClockRecord } from './core/Clock.js'
import type { Command, DataType, NotSaved } from './core/DataType.js'
import type { Budget } from './core/Frontier.js'
import * as apply from './core/apply.js'
import { left } from './core/Either.js'
import { diff } from './core/diff.js'
import { history } from './core/lacking.js'
import { isSynced, open, push, reconcile, type Message } from './core/reconcile.js'
import { reissue } from './core/reissue.js'
import * as Digest from './core/Digest.js'
import type { Patch } from './core/Patch.js'
import * as rejections from './core/Rejection.js'
import * as Replica from './core/Replica.js'
import type { SourceId, Update } from './core/Update.js'
import type * as Scuttlebucket from './data/Scuttlebucket.js'
import type { Unsignable } from './trust/limits.js'
import type { TrustError } from './trust/Security.js'
import * as Unread from './core/Unread.js'
import { decode, decodeMessage, type MessageError } from './wire/decode.js'
import { encode, encodeMessage } from './wire/encode.js'
import type { Policy } from './wire/Policy.js'
import type { SessionError } from './wire/Session.js'

/**
 * The reason for a refusal: what was wrong, where, and in which update. A value, never thrown. A
 * refused update changes nothing and moves no clock. Each kind is declared where it is made.
 */
export type Rejection = Replica.ChangeError | MessageError | SessionError | TrustError | Unsignable | AheadOfClock

/**
 * The newest stamp seen is so far ahead of the wall clock that peers may refuse what comes after
 * it.
 */
export interface AheadOfClock {
  readonly _tag: 'AheadOfClock'
  readonly at: string
  readonly latest: number
  readonly now: number
}

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
   * Makes a local update at `now`, in ms. Errors: the command's own, `InvalidChange`, `TooLarge`,
   * `TimestampsExhausted`. Costs as `applyUpdate`, and O(size of the change).
   */
  readonly change: <Err = never>(
    command: Command<S, C, Err>,
    now: number,
  ) => (
    replica: Replica.Replica<S, C>,
  ) => E.Either<Err | Rejection, readonly [update: Update<C>, replica: Replica.Replica<S, C>]>
  /** The update that `change` would make, not yet applied: it may have to be signed first. */
  readonly propose: <Err = never>(
    command: Command<S, C, Err>,
    now: number,
  ) => (replica: Replica.Replica<S, C>) => E.Either<Err | Rejection, Update<C>>
  /**
   * Several local updates, each command on the state after those before it: all or nothing. Errors:
   * those of the first command that fails.
   */
  readonly changeAll: <Err = never>(
    commands: Iterable<Command<S, C, Err>>,
    now: number,
  ) => (
    replica: Replica.Replica<S, C>,
  ) => E.Either<Err | Rejection, readonly [updates: ReadonlyArray<Update<C>>, replica: Replica.Replica<S, C>]>
  /** A reducer: `applyUpdates` of one. */
  readonly applyUpdate: (update: Update<C>) => (replica: Replica.Replica<S, C>) => Replica.Replica<S, C>
  /**
   * Applies the updates that the replica has not seen yet. The caller vouches that none is missing
   * before them: what was overheard or cut short goes through `reconcile`. Has no errors: see
   * `decode`. O(u (log n + log s)) for u updates, n held and s sources, and the data type's
   * `apply`.
   */
  readonly applyUpdates: (updates: Iterable<Update<C>>) => (replica: Replica.Replica<S, C>) => Replica.Replica<S, C>
  /** What a replica tells a peer about itself. O(s). */
  readonly digest: (replica: Replica.Replica<S, C>) => Digest.Digest
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
  /** The first message of a conversation: the digest, no updates. O(s). */
  readonly open: (replica: Replica.Replica<S, C>) => Message<C>
  /** What came since an older version, as a message for anybody. O(d log n + s) for d updates. */
  readonly push: (before: Replica.Replica<S, C>) => (replica: Replica.Replica<S, C>) => Message<C>
  /**
   * Whether two digests are of equal replicas. False also while one has seen a superseded update
   * that the other has not: that a conversation is over is said by `none`. O(s).
   */
  readonly isSynced: (a: Digest.Digest, b: Digest.Digest) => boolean
  /** Drops what has lapsed at `now`, in ms. O(d log n + s) for d updates dropped. */
  readonly prune: (now: number) => (replica: Replica.Replica<S, C>) => Replica.Replica<S, C>
  /** The join with a replica that the caller trusts. O(d log n) for d updates that differ. */
  readonly merge: (other: Replica.Replica<S, C>) => (replica: Replica.Replica<S, C>) => Replica.Replica<S, C>
  /** What changed from an older version to this one: see {@link DataType.diff}. */
  readonly diff: (before: Replica.Replica<S, C>) => (after: Replica.Replica<S, C>) => ReadonlyArray<Patch>
  /** Ends a doubt by the user's word that nobody else knows more: see `core/apply`. O(d log s). */
  readonly settle: (sources?: Iterable<SourceId>) => (replica: Replica.Replica<S, C>) => Replica.Replica<S, C>
  /** Reads what an older version of the program could not read. O(u log n) for u unread updates. */
  readonly reread: (replica: Replica.Replica<S, C>) => Replica.Replica<S, C>
  /** The updates that cannot be read here, sorted. They are kept and passed on. O(u log u). */
  readonly unread: (replica: Replica.Replica<S, C>) => ReadonlyArray<Update<unknown>>
  /**
   * The own updates stamped after `now` again, under a new id, stamped from `now`: for a writer
   * whose clock ran ahead. O(n log n).
   */
  readonly reissue: (
    newId: SourceId,
    now: number,
  ) => (replica: Replica.Replica<S, C>) => readonly [updates: ReadonlyArray<Update<C>>, replica: Replica.Replica<S, C>]
  /**
   * The replica that the data type saved in a form of its own, as `Text.save` does. Errors:
   * `NotSaved`, as always for types without one. Costs as the data type says.
   */
  readonly load: (saved: unknown) => E.Either<NotSaved, Replica.Replica<S, C>>
  /** An update from untrusted input, copied and frozen. Errors: `UpdateError`. O(size). */
  readonly decode: (policy?: Policy) => (input: unknown) => E.Either<Rejection, Update<C>>
  /**
   * A message from untrusted input, with what is unread or refused in it. Errors, for what is no
   * message: `InvalidMessage`, `InvalidHeader`. O(size).
   */
  readonly decodeMessage: (policy?: Policy) => (input: unknown) => E.Either<Rejection, Message<C>>
  /** An update as JSON, as `decode` takes it. O(size). */
  readonly encode: (update: Update<C>) => readonly unknown[]
  /** A message as JSON, as `decodeMessage` takes it. O(size). */
  readonly encodeMessage: (message: Message<C>) => Readonly<Record<string, unknown>>
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

export interface ScuttlebuttOptions {
  /**
   * The largest update that `change` makes, in bytes of JSON. Default 1 MiB: no peer takes more.
   */
  readonly maxBytes?: number
  /** With false, `change` makes updates of any size. */
  readonly limits?: boolean
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
 * const since = { clock: { alice: 1000 } }
 * const said = { digest: { id: 'bob', clock: {} }, updates: [] }
 * question // => O.some({ ...said, since, complete: true, asks: true })
 */
export function scuttlebutt<P extends Scuttlebucket.Parts>(
  bucket: Scuttlebucket.Type<P>,
  options?: ScuttlebuttOptions,
): ScuttlebuttOfParts<P>
export function scuttlebutt<S, C>(dataType: DataType<S, C>, options?: ScuttlebuttOptions): Scuttlebutt<S, C>
export function scuttlebutt<S, C>(
  dataType: DataType<S, C>,
  { maxBytes = Replica.MAX_BYTES, limits = true }: ScuttlebuttOptions = {},
): Scuttlebutt<S, C> {
  const most = limits ? maxBytes : Infinity
  return {
    dataType,
    create: Replica.create(dataType),
    change: Replica.change(dataType, most),
    propose: Replica.propose(dataType, most),
    changeAll: Replica.changeAll(dataType, most),
    applyUpdate: apply.applyUpdate(dataType),
    applyUpdates: apply.applyUpdates(dataType),
    digest: Digest.of,
    history: history(dataType),
    open,
    push,
    isSynced,
    reconcile: reconcile(dataType),
    prune: Replica.prune(dataType),
    merge: apply.merge(dataType),
    diff: diff(dataType),
    settle: apply.settle,
    reread: apply.reread(dataType),
    unread: ({ log }) => Unread.all(log),
    reissue: reissue(dataType),
    load: dataType.load ?? (() => left({ _tag: 'NotSaved', reason: `${dataType.name} has no form to load` })),
    decode: decode(dataType),
    decodeMessage: decodeMessage(dataType),
    encode: encode(dataType),
    encodeMessage: encodeMessage(dataType),
  }
}
