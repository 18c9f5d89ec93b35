/** Rounds of `reconcile` by plain `fetch`. */
import { afterEach, describe, expect, test } from 'vitest'
import { left, right } from '../../src/core/Either.js'
import type { OpenDocument, ServeOptions } from '../../src/adapters/connect.js'
import { Model, unwrap } from '../../src/index.js'
import { contentOf, run, sb, storeOf, type Numbers, type Running } from './client.js'

const running: Running[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map(({ end }) => end()))
})

const start = async (open: OpenDocument, options?: ServeOptions): Promise<string> => {
  const one = await run(open, options)
  running.push(one)
  return `http://127.0.0.1:${String(one.port)}`
}

const HEADERS = { 'content-type': 'application/json', 'scuttlebutt-type': 'Model' }

const post = (url: string, body: string, headers: Record<string, string> = HEADERS): Promise<Response> =>
  fetch(url, { method: 'POST', body, headers })

/** Rounds until both have all. Gives their number. */
const talk = async (url: string, store: Numbers): Promise<number> => {
  let message = sb.open(store.getReplica())
  for (let rounds = 1; ; rounds++) {
    const response = await post(url, JSON.stringify(sb.encodeMessage(message)))
    if (response.status === 204) return rounds
    expect(response.status).toBe(200)
    const next = store.reconcile(unwrap(sb.decodeMessage()(await response.json())))
    if (next._tag === 'None') return rounds
    message = next.value
  }
}

const opening = JSON.stringify(sb.encodeMessage(sb.open(sb.create('ann'))))

describe('A POST', () => {
  test('is a round: two clients meet by the server, and large ones take several', async () => {
    const stores = new Map<string, Numbers>()
    const url = await start((_, document) => {
      const store = stores.get(document) ?? storeOf('server')
      stores.set(document, store)
      return store
    })
    const [ann, ben] = [storeOf('ann'), storeOf('ben')]
    for (let i = 0; i < 30; i++) unwrap(ann.change(Model.set(`key ${String(i)}`, 'x'.repeat(50_000))))
    unwrap(ben.change(Model.set('from ben', 1)))
    await talk(`${url}/sync/a%2Fb`, ann)
    expect(await talk(`${url}/sync/a%2Fb`, ben)).toBeGreaterThan(1)
    await talk(`${url}/sync/a%2Fb?x=1`, ann)
    expect(contentOf(ann)).toEqual(contentOf(ben))
    expect([Model.size(ann.getReplica().state), [...stores.keys()]]).toEqual([31, ['a/b']])
  })

  test('is answered only when the store has saved', async () => {
    const store = storeOf('server')
    let isBroken = true
    const url = await start(
      () => ({ ...store, flushed: () => Promise.resolve(isBroken ? left('no space') : right(undefined)) }) as Numbers,
    )
    expect((await post(`${url}/a`, opening)).status).toBe(503)
    isBroken = false
    expect((await post(`${url}/a`, opening)).status).toBe(204)
  })

  test.each([
    ['another type', 409, '', opening, { ...HEADERS, 'scuttlebutt-type': 'Doc' }],
    ['another version', 409, '', opening, { ...HEADERS, 'scuttlebutt-type': 'Model@2' }],
    ['no type', 409, '', opening, { 'content-type': 'application/json' }],
    ['a form', 415, '', opening, { ...HEADERS, 'content-type': 'text/plain' }],
    ['no JSON', 400, '', '{', HEADERS],
    ['no message', 400, '', '[]', HEADERS],
    ['a long body', 413, '', JSON.stringify('x'.repeat(200_000)), HEADERS],
    ['a name that is no text', 404, '%ff', opening, HEADERS],
    ['a document that is not allowed', 403, 'secret', opening, HEADERS],
    ['a header that is not allowed', 403, '', opening.replace('ann', 'foe'), HEADERS],
  ])('with %s is refused with %i', async (_, status, document, body, headers) => {
    const released: string[] = []
    const url = await start((__, name) => (name === 'secret' ? left({ _tag: 'Unauthorized' }) : storeOf('server')), {
      limits: { bodyBytes: 100_000 },
      onPeer: ({ id }) => (id === 'foe' ? left({ _tag: 'Stranger' }) : right(undefined)),
      release: (name) => released.push(name),
    })
    const response = await post(`${url}/${document}`, body, headers)
    expect([response.status, typeof ((await response.json()) as { _tag: unknown })._tag]).toEqual([status, 'string'])
    const isOpened = ![404, 415].includes(status) && document !== 'secret'
    expect(released).toEqual(isOpened ? [''] : [])
  })

  test('with a body that is longer than it says is cut off with 413', async () => {
    const url = await start(() => storeOf('server'), { limits: { bodyBytes: 100_000 } })
    const endless = new ReadableStream({
      pull: (controller) => {
        controller.enqueue(new Uint8Array(50_000).fill(32))
      },
    })
    const request = { method: 'POST', body: endless, headers: HEADERS, duplex: 'half' as const }
    const outcome = await fetch(`${url}/a`, request).then(
      ({ status }) => status,
      () => 'closed',
    )
    expect([413, 'closed']).toContain(outcome)
  })

  test('beyond the requests at once gets 503, and 429 says when to come back', async () => {
    let isAllowed: (() => void) | undefined
    const url = await start(
      async (_, name) => {
        if (name === 'slow') await new Promise<void>((resolve) => (isAllowed = resolve))
        return name === 'many' ? left({ _tag: 'TooMany', retryAfter: 1500 }) : storeOf('server')
      },
      { limits: { requests: 1 } },
    )
    const slow = post(`${url}/slow`, opening)
    while (isAllowed === undefined) await new Promise(setImmediate)
    expect((await post(`${url}/a`, opening)).status).toBe(503)
    isAllowed()
    expect((await slow).status).toBe(204)
    const many = await post(`${url}/many`, opening)
    expect([many.status, many.headers.get('retry-after')]).toEqual([429, '2'])
  })

  test('of a peer that may only read changes nothing', async () => {
    const store = storeOf('server')
    unwrap(store.change(Model.set('kept', 1)))
    const url = await start(() => store, { link: () => ({ writable: false }) })
    const ann = storeOf('ann')
    unwrap(ann.change(Model.set('tried', 1)))
    const response = await post(
      `${url}/a`,
      JSON.stringify(sb.encodeMessage(sb.push(sb.create('ann'))(ann.getReplica()))),
    )
    expect([response.status, contentOf(store)]).toEqual([200, { kept: 1 }])
  })
})

test('Other methods get 405, a preflight the allowed origin, and /metrics the counters', async () => {
  const url = await start(() => storeOf('server'), { origin: 'https://page.example' })
  await post(`${url}/a`, opening)
  expect((await fetch(`${url}/a`)).status).toBe(405)
  const asked = await fetch(`${url}/a`, { method: 'OPTIONS' })
  expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, 'https://page.example'])
  const metrics = await fetch(`${url}/metrics`)
  const lines = (await metrics.text()).trimEnd().split('\n')
  const isSample = /^scuttlebutt_[a-z_]+(\{[a-z]+="[^"\n]*"\})? \d+$/
  expect(lines.filter((line) => !line.startsWith('# ') && !isSample.test(line))).toEqual([])
  expect(lines).toContain('scuttlebutt_requests_total 1')
  expect(lines).toContain('scuttlebutt_refusals_total{reason="MethodNotAllowed"} 1')
  expect(metrics.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
})
