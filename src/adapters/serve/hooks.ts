/** What the user of a server decides: who gets which store, and what is told of it. */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import type { Digest } from '../../core/Digest.js'
import { refusalBy } from '../connect/Connection.js'
import type { Refused } from '../connect/frames.js'
import type { LinkOptions } from '../Link.js'
import type { Store } from '../store.js'
import type { ServeLimits } from './Limits.js'
import type { ServedRequest } from './Socket.js'

/** A store of any data type: what `createStore`, `openFile` and the others give. */
export interface AnyStore {
  readonly scuttlebutt: { readonly dataType: { readonly name: string } }
  readonly getReplica: () => unknown
  readonly subscribe: (listener: () => void) => () => void
  readonly apply: (updates: never) => void
}

/** The store of a document, or why this peer does not get it. */
export type DocumentAnswer = AnyStore | E.Either<Refused, AnyStore>

/**
 * Says who gets which store: the sign-in. If it throws or rejects, the document is refused with
 * `Failed`. No timer ends it: until it answers, the document waits, and a request counts against
 * `requests`. Called once for each document of a socket, and for each HTTP request.
 */
export type OpenDocument = (request: ServedRequest, document: string) => DocumentAnswer | Promise<DocumentAnswer>

export interface ServeOptions {
  readonly limits?: ServeLimits
  /** Refuses a peer by its header: before that, none of its updates reaches the store. */
  readonly onPeer?: (header: Digest, request: ServedRequest, document: string) => E.Either<Refused, unknown>
  /**
   * Whether sockets are told who else is here, by the store that they share. Default true, but not
   * for links with `readable: false`; `link` may give another `presence`, or undefined for none.
   */
  readonly presence?: boolean
  /**
   * How a peer's link speaks: `{ writable: false }` for one that may only read; `presences` for a
   * peer that passes on many others.
   */
  readonly link?: (request: ServedRequest, document: string) => Omit<LinkOptions, 'timeout' | 'onPeer'>
  /** Called once for each store that the sign-in gave, when the peer is done with it. */
  readonly release?: (document: string) => void
  /**
   * A hook or a store failed: what it threw, a store's error, an `InvalidAnswer` of a hook, or a
   * refusal of which the peer is told the tag alone.
   * Default: nothing is told; metrics count it.
   */
  readonly onError?: (error: unknown) => void
  /** Pages of this origin may use HTTP: `*` for all. Default: none but the server's own. */
  readonly origin?: string
  /** The wall clock, in ms. Default `Date.now`. */
  readonly now?: () => number
}

/** A peer gets no store because a hook or a store failed. It may try again. */
export const FAILED: Refused = { _tag: 'Failed', retryAfter: 5000 }

/** The server stops. */
export const CLOSING: Refused = { _tag: 'Closing', retryAfter: 1000 }

/** Tells who serves of a hook that answered what it may not. */
export interface InvalidAnswer {
  readonly _tag: 'InvalidAnswer'
  readonly hook: 'open' | 'onPeer'
  readonly document: string
  readonly expected: string
}

const invalidAnswer = (hook: InvalidAnswer['hook'], document: string): InvalidAnswer => ({
  _tag: 'InvalidAnswer',
  hook,
  document,
  expected: `a ${hook === 'open' ? 'store' : 'Right'}, or a Left with a record that has a _tag`,
})

/**
 * The answer of the sign-in, with what it threw as `Failed`. A `Left` without a record refuses with
 * `Unauthorized`.
 */
export const answerOf = async (
  open: OpenDocument,
  request: ServedRequest,
  document: string,
  failed: (error: unknown) => void,
): Promise<E.Either<Refused, Store<unknown, unknown>>> => {
  try {
    const answer = (await open(request, document)) as Partial<E.Either<unknown, AnyStore> & AnyStore> | null | undefined
    if (answer?._tag === 'Left') return left(refusedBy(answer.left, failed, SIGN_IN))
    const store = answer?._tag === 'Right' ? answer.right : answer
    if (typeof store?.getReplica === 'function') return right(store as unknown as Store<unknown, unknown>)
    failed(invalidAnswer('open', document))
  } catch (error) {
    failed(error)
  }
  return left(FAILED)
}

const SIGN_IN = 'the sign-in refused the peer'

/** What the peer is told. If that is the tag alone, `failed` gets the rest. */
const refusedBy = (reason: unknown, failed: (error: unknown) => void, otherwise?: string): Refused => {
  const refusal = refusalBy(reason, otherwise)
  if (refusal !== reason && refusal._tag === (reason as Partial<Refused> | null)?._tag) failed(reason)
  return refusal
}

/** Why a hook refuses a peer by its header; undefined if it does not. */
export const refusalOf = (
  { options, failed }: { readonly options: ServeOptions; readonly failed: (error: unknown) => void },
  header: Digest,
  request: ServedRequest,
  document: string,
): Refused | undefined => {
  if (options.onPeer === undefined) return undefined
  try {
    const judged = options.onPeer(header, request, document) as E.Either<unknown, unknown> | null | undefined
    if (judged?._tag === 'Right') return undefined
    if (judged?._tag === 'Left') return refusedBy(judged.left, failed)
    failed(invalidAnswer('onPeer', document))
  } catch (error) {
    failed(error)
  }
  return FAILED
}
