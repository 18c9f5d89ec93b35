/** HTTP: a question a POST, by plain `fetch`. */
import type { Refused } from './frames.js'
import type { Answer, Pace, PollTransport, Question } from './Transport.js'

export interface HttpOptions extends Pace {
  /** So many ms lie between two rounds; a write asks at once. Default 5,000. */
  readonly every?: number
  /** Default: the platform's. */
  readonly fetch?: (url: string | URL, init: RequestInit) => Promise<Response>
  /** Headers of each request, such as a token. A function is called for each. */
  readonly headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>)
}

/** The header of the data type: `name` or `name@version`, URI-encoded unless printable ASCII. */
export const TYPE_HEADER = 'scuttlebutt-type'

/** The longest answer that is read, in bytes. A server of ours puts 1 MiB of updates in one. */
const MAX_BODY = 2 << 20

/**
 * Asks a server of ours now and then. The last part of the path names the document.
 *
 * A request's body is one message of `reconcile`; 200 has the answer, 204 none. 409 says that the
 * server's data type is another one; 401 and 403 that it does not let us in: neither is tried
 * again. Any other status is tried again, after `Retry-After` seconds if the answer says so.
 *
 * @example
 * import * as t from 'io-ts'
 * const sb = scuttlebutt(Model.of(t.number))
 * const [ann, ben] = [createStore(sb, 'ann'), createStore(sb, 'ben')]
 * ben.change(Model.set('x', 1))
 * const server = async (_, { body }) => {
 *   const answer = ben.reconcile(unwrap(sb.decodeMessage()(JSON.parse(body))))
 *   if (answer._tag === 'None') return new Response(null, { status: 204 })
 *   return Response.json(sb.encodeMessage(answer.value))
 * }
 * const connection = connect(ann, http('https://example.org/sync/notes', { fetch: server }))
 * await new Promise((resolve) => ann.subscribe(resolve))
 * connection.close()
 * Model.toJSON(ann.getReplica().state) // => { x: 1 }
 */
export const http = (url: string | URL, options: HttpOptions = {}): PollTransport => {
  const { every = 5000, fetch = globalThis.fetch, headers = {}, ...pace } = options
  const ask = async ({ type, message, signal }: Question): Promise<Answer> => {
    if (options.fetch === undefined && !isUrl(url))
      return { _tag: 'Refused', refusal: { _tag: 'InvalidUrl', reason: String(url) } }
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        ...(typeof headers === 'function' ? headers() : headers),
        'content-type': 'application/json',
        [TYPE_HEADER]: headerOf(type),
      },
      body: JSON.stringify(message),
      signal,
    })
    const { status } = response
    if (status === 204) return { _tag: 'None' }
    if (status === 200) return { _tag: 'Message', message: JSON.parse(await bodyOf(response)) as unknown }
    await response.body?.cancel()
    return { _tag: 'Refused', refusal: refusalOf(response) }
  }
  return { kind: 'poll', pace, every, ask }
}

/** Whether the platform can ask there. In a page it may be relative. */
const isUrl = (url: string | URL): boolean => {
  const { location } = globalThis as { readonly location?: { readonly href: string } }
  try {
    return /^https?:$/.test(new URL(url, location?.href).protocol)
  } catch {
    return false
  }
}

/** A header holds printable ASCII alone. */
const headerOf = (type: string): string => (/^[!-~]*$/.test(type) ? type : encodeURIComponent(type))

const refusalOf = ({ status, headers }: Response): Refused => {
  const seconds = Number(headers.get('retry-after') ?? NaN)
  const retryAfter = seconds >= 0 ? { retryAfter: seconds * 1000 } : {}
  const tag = status === 409 ? 'OtherType' : status === 401 || status === 403 ? 'Unauthorized' : undefined
  return { _tag: tag ?? (status === 429 ? 'TooMany' : 'Status'), status, ...retryAfter }
}

/** The text of an answer, of which no more is read than may be. Throws if it is longer. */
const bodyOf = async (response: Response): Promise<string> => {
  const reader = response.body?.getReader()
  if (reader === undefined) return ''
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.length
    if (bytes > MAX_BODY) {
      await reader.cancel()
      throw new RangeError(`the answer has more than ${String(MAX_BODY)} bytes`)
    }
    text += decoder.decode(value, { stream: true })
  }
}
