/** One round of `reconcile` a request, over `node:http`: a POST for each message. */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import type { Message } from '../../core/reconcile.js'
import { MAX_DRIFT, MAX_LINE } from '../../wire/Policy.js'
import { MAX_DOCUMENT, type Refused } from '../connect/frames.js'
import { TYPE_HEADER } from '../connect/http.js'
import { typeOf } from '../connect/Transport.js'
import type { LocalStore, Store } from '../store.js'
import { answerOf, CLOSING, FAILED, refusalOf, type OpenDocument, type ServeOptions } from './hooks.js'
import type { Hub } from './Hub.js'
import type { ServeLimits } from './Limits.js'
import type { Metrics } from './Metrics.js'
import type { ServedRequest } from './Socket.js'

/** An `IncomingMessage` of `node:http`. */
export interface HttpRequest extends ServedRequest, AsyncIterable<Uint8Array> {}

/** A `ServerResponse` of `node:http`. */
export interface HttpResponse {
  writeHead(status: number, headers: Record<string, string>): unknown
  end(text?: string): unknown
}

/** What the handler needs of its server. */
export interface HttpHost {
  readonly open: OpenDocument
  readonly options: ServeOptions
  readonly limits: Required<ServeLimits>
  readonly metrics: Metrics
  readonly isClosing: boolean
  readonly now: () => number
  readonly hubOf: (store: Store<unknown, unknown>) => Hub
  readonly failed: (error: unknown) => void
  /** The bodies that are being read. The server stops those that are late: none has a timer. */
  readonly arriving: Set<Arriving>
  readonly text: () => string
}

/** A body that is being read. */
export interface Arriving {
  /** When it is late, in ms. */
  deadline: number
  /** Reads no more of it. */
  stop: (refusal: Refused) => void
}

/** Of a body, so many bytes or its end must come in each `timeout`. */
const BYTES_A_TIMEOUT = 1 << 16

/** What one answer carries of updates: the client asks for the rest. */
const BYTES_AN_ANSWER = 1 << 20

/** The status of an answer that refuses, by the tag of the record in its body. */
const STATUS: ReadonlyMap<string, number> = new Map([
  ['Aborted', 400],
  ['NotFound', 404],
  ['MethodNotAllowed', 405],
  ['TooSlow', 408],
  ['OtherType', 409],
  ['TooLarge', 413],
  ['NotJson', 415],
  ['TooMany', 429],
  ['Failed', 503],
  ['Closing', 503],
  ['Busy', 503],
  ['InvalidJson', 400],
  ['InvalidMessage', 400],
  ['InvalidHeader', 400],
])

/** All other refusals: the user's own, such as `Unauthorized`. */
const FORBIDDEN = 403

/** Those of them that name a time: the client comes back. */
const UNAVAILABLE = 503

interface Reply {
  readonly status: number
  readonly headers: Record<string, string>
  readonly text?: string
}

/** The handler of a server's requests. It never throws. */
export const createHandler = (host: HttpHost) => {
  let running = 0
  return async (request: HttpRequest, response: HttpResponse): Promise<void> => {
    running++
    try {
      const { status, headers, text } = await replyTo(host, request, running)
      response.writeHead(status, { ...headers, ...crossOrigin(host.options) })
      response.end(text)
    } catch (error) {
      // the socket went away
      host.failed(error)
    } finally {
      running--
    }
  }
}

const crossOrigin = ({ origin }: ServeOptions): Record<string, string> =>
  origin === undefined ? {} : { 'access-control-allow-origin': origin }

const replyTo = async (host: HttpHost, request: HttpRequest, running: number): Promise<Reply> => {
  const { method, url = '/' } = request
  const path = url.split('?')[0]!
  if (method === 'OPTIONS') return preflight
  if ((method === 'GET' || method === 'HEAD') && path === '/metrics') {
    return { status: 200, headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }, text: host.text() }
  }
  if (method !== 'POST') return refuse(host, { _tag: 'MethodNotAllowed' })
  host.metrics.requests++
  if (host.isClosing) return refuse(host, CLOSING)
  if (running > host.limits.requests) return refuse(host, { _tag: 'Busy', retryAfter: 1000 })
  const document = documentIn(path)
  if (document === undefined) return refuse(host, { _tag: 'NotFound' })
  if (!/^application\/json\b/i.test(textOf(request.headers['content-type']))) return refuse(host, { _tag: 'NotJson' })
  const answer = await answerOf(host.open, request, document, host.failed)
  if (answer._tag === 'Left') return refuse(host, answer.left)
  try {
    const round = await reconcile(host, request, document, answer.right as LocalStore<unknown, unknown>)
    return round._tag === 'Left' ? refuse(host, round.left) : round.right
  } catch (error) {
    host.failed(error)
    return refuse(host, FAILED)
  } finally {
    released(host, document)
  }
}

/** One message in, one out. Errors: the refusals of {@link STATUS}. */
const reconcile = async (
  host: HttpHost,
  request: HttpRequest,
  document: string,
  store: LocalStore<unknown, unknown>,
): Promise<E.Either<Refused, Reply>> => {
  const { scuttlebutt } = store
  const said = textOf(request.headers[TYPE_HEADER])
  const type = typeOf(scuttlebutt.dataType)
  if (said !== type && said !== encodeURIComponent(type)) return left({ _tag: 'OtherType', name: said.slice(0, 100) })
  const body = await bodyOf(host, request)
  if (body._tag === 'Left') return body
  const {
    readable = true,
    writable = true,
    trusted = false,
    policy = {},
  } = host.options.link?.(request, document) ?? {}
  const { maxDrift = MAX_DRIFT, maxBytes = MAX_LINE, ...limits } = policy
  const decoded = scuttlebutt.decodeMessage({ ...limits, maxDrift, maxBytes, now: host.now() })(body.right)
  if (decoded._tag === 'Left') return left({ _tag: decoded.left._tag, at: decoded.left.at })
  const refusal = refusalOf(host, decoded.right.digest, request, document)
  if (refusal !== undefined) return left(refusal)
  const message: Message<unknown> = writable ? decoded.right : { digest: decoded.right.digest, updates: [] }
  const budget = { maxBytes: BYTES_AN_ANSWER }
  const next =
    typeof store.reconcileAsync === 'function'
      ? await store.reconcileAsync(message, budget, { trusted })
      : (store as Store<unknown, unknown>).reconcile?.(message, budget)
  if (next === undefined) throw new TypeError('a store needs `reconcile(message, budget?)` to be served')
  if (!(await host.hubOf(store).save())) return left(FAILED)
  if (next._tag === 'None' || !readable) return right({ status: 204, headers: {} })
  const text = JSON.stringify(scuttlebutt.encodeMessage(next.value))
  return right({ status: 200, headers: JSON_TYPE, text })
}

const JSON_TYPE = { 'content-type': 'application/json' }

/** The JSON of a body. Errors: those of {@link textOfBody}, `InvalidJson`. */
const bodyOf = async (host: HttpHost, request: HttpRequest): Promise<E.Either<Refused, unknown>> => {
  const body: Arriving = { deadline: host.now() + host.limits.timeout, stop: () => undefined }
  host.arriving.add(body)
  const text = await textOfBody(host, request, body)
  host.arriving.delete(body)
  if (text._tag === 'Left') return text
  try {
    return right(JSON.parse(text.right) as unknown)
  } catch {
    return left({ _tag: 'InvalidJson' })
  }
}

/**
 * The text of a body. One that is too long, or comes too slowly, is not read to its end. Errors:
 * `TooLarge`, `TooSlow`, `Aborted`, `Closing`.
 */
const textOfBody = async (
  { now, limits: { bodyBytes: maxBytes, timeout } }: HttpHost,
  request: HttpRequest,
  body: Arriving,
): Promise<E.Either<Refused, string>> => {
  const tooLarge = left<Refused>({ _tag: 'TooLarge', maxBytes })
  if (Number(textOf(request.headers['content-length'])) > maxBytes) return tooLarge
  const decoder = new TextDecoder()
  let [bytes, due, text] = [0, BYTES_A_TIMEOUT, '']
  // `for await` would destroy the socket on its way out, and the answer with it
  const chunks = request[Symbol.asyncIterator]()
  for (;;) {
    const next = await arrival(chunks.next(), body)
    if (next._tag === 'Left') return next
    if (next.right.done === true) return right(text + decoder.decode())
    bytes += next.right.value.byteLength
    if (bytes > maxBytes) return tooLarge
    text += decoder.decode(next.right.value, { stream: true })
    if (bytes < due) continue
    due = bytes + BYTES_A_TIMEOUT
    body.deadline = now() + timeout
  }
}

/** The next part of a body, or why it is not waited for. */
const arrival = <A>(part: Promise<A>, body: Arriving): Promise<E.Either<Refused, A>> =>
  new Promise((resolve) => {
    body.stop = (refusal) => {
      resolve(left(refusal))
    }
    part.then(
      (value) => {
        resolve(right(value))
      },
      // the peer cut its request
      () => {
        body.stop({ _tag: 'Aborted' })
      },
    )
  })

/** The last part of a path; undefined if it is no text, or longer than a socket would take. */
const documentIn = (path: string): string | undefined => {
  try {
    const document = decodeURIComponent(path.slice(path.lastIndexOf('/') + 1))
    return document.length > MAX_DOCUMENT ? undefined : document
  } catch {
    return undefined
  }
}

const textOf = (header: string | string[] | undefined): string => (typeof header === 'string' ? header : '')

const refuse = ({ metrics }: HttpHost, refusal: Refused): Reply => {
  const { retryAfter } = refusal
  const status = STATUS.get(refusal._tag) ?? (retryAfter === undefined ? FORBIDDEN : UNAVAILABLE)
  metrics.refused(refusal._tag)
  const headers = {
    ...JSON_TYPE,
    ...(status === 405 && { allow: 'POST, OPTIONS' }),
    // what is left of the body is not read
    ...((status === 408 || status === 413 || refusal === CLOSING) && { connection: 'close' }),
    ...(retryAfter !== undefined && { 'retry-after': String(Math.ceil(retryAfter / 1000)) }),
  }
  return { status, headers, text: JSON.stringify(refusal) }
}

const released = ({ options, failed }: HttpHost, document: string): void => {
  try {
    options.release?.(document)
  } catch (error) {
    failed(error)
  }
}

/** What a browser asks before a page of another origin may POST. */
const preflight: Reply = {
  status: 204,
  headers: {
    'access-control-allow-methods': 'POST, OPTIONS',
    'access-control-allow-headers': `content-type, authorization, ${TYPE_HEADER}`,
    'access-control-max-age': '86400',
  },
}
