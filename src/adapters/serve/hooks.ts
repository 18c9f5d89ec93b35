/** What the user of a server decides: who gets which store, and what is told of it. */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import type { Digest } from '../../core/Digest.js'
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
  /** How a peer's link speaks: `{ writable: false }` for one that may only read. */
  readonly link?: (request: ServedRequest, document: string) => Omit<LinkOptions, 'timeout' | 'onPeer'>
  /** Called once for each store that the sign-in gave, when the peer is done with it. */
  readonly release?: (document: string) => void
  /** A hook or a store failed. Default: nothing is told; metrics count it. */
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

/** The answer of the sign-in, with what it threw as `Failed`. */
export const answerOf = async (
  open: OpenDocument,
  request: ServedRequest,
  document: string,
  failed: (error: unknown) => void,
): Promise<E.Either<Refused, Store<unknown, unknown>>> => {
  try {
    const answer = await open(request, document)
    if ('_tag' in answer && answer._tag === 'Left') return answer
    const store = '_tag' in answer ? answer.right : answer
    if (typeof store.getReplica !== 'function') throw new TypeError('a document needs a store, or a refusal')
    return right(store as unknown as Store<unknown, unknown>)
  } catch (error) {
    failed(error)
    return left(FAILED)
  }
}
