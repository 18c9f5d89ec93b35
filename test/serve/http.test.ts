/** Rounds of `reconcile` by plain `fetch`. */
import net from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { left, right } from '../../src/core/Either.js'
import { connect, http, type OpenDocument, type ServeOptions } from '../../src/adapters/connect.js'
import { createStore } from '../../src/adapters/store.js'
import { Model, unwrap } from '../../src/index.js'
import { contentOf, run, sb, storeOf, until, type Numbers, type Running } from './client.js'

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

/** A request that says how long its body is, and sends one byte of it; and what it is answered. */
const unfinished = (url: string) => {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
  const headers = Object.entries({ host: 'x', ...HEADERS, 'content-length': '99' })
  socket.write(`POST /a HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n{`)
  const heard = new Promise<string>((resolve) => {
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += String(chunk)))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      resolve(text)
    })
  })
  return { socket, heard }
}

const metric = (name: string): number => {
  const found = running[0]!.server
    .metrics()
    .split('\n')
    .find((line) => line.startsWith(`scuttlebutt_${name} `))
  return Number(found?.split(' ').at(-1) ?? 0)
}

/** The longest wait for an answer, in ms: no other wait is as long. */
const SILENCE = 12_345

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

  test('gets a record also if a hook answers with a `Left` without one', async () => {
    const errors: unknown[] = []
    const url = await start((_, name) => (name === 'a' ? ({ _tag: 'Left' } as never) : storeOf('server')), {
      onPeer: () => ({ _tag: 'Left' }) as never,
      onError: (error) => errors.push(error),
    })
    for (const name of ['a', 'b']) {
      const response = await post(`${url}/${name}`, opening)
      expect([response.status, await response.json()]).toMatchObject([403, { _tag: 'Unauthorized' }])
    }
    expect(errors).toEqual([])
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

  test('whose body makes no progress is ended with 408, and others get its place', async () => {
    const released: string[] = []
    const url = await start(() => storeOf('server'), {
      limits: { requests: 3, timeout: 200 },
      release: (name) => released.push(name),
    })
    const stalled = Array.from({ length: 3 }, () => unfinished(url))
    await until('no place is left', () => metric('requests_total') === 3)
    expect((await post(`${url}/a`, opening)).status).toBe(503)
    // a byte now and then is no progress
    const trickle = setInterval(() => {
      for (const { socket } of stalled) socket.write(' ')
    }, 50)
    const answers = await Promise.all(stalled.map(({ heard }) => heard))
    clearInterval(trickle)
    expect(answers.map((text) => text.slice(0, 12))).toEqual(Array(3).fill('HTTP/1.1 408'))
    expect((await post(`${url}/a`, opening)).status).toBe(204)
    expect([released.length, metric('refusals_total{reason="TooSlow"}')]).toEqual([4, 3])
  })

  test('that is under way when the server closes is told so', async () => {
    const url = await start(() => storeOf('server'))
    const { heard } = unfinished(url)
    await until('it is there', () => metric('requests_total') === 1)
    await running[0]!.server.close()
    expect(await heard).toMatch(/^HTTP\/1.1 503[^]*"Closing"/)
  })

  test('that its peer cuts is no failure of the server', async () => {
    const errors: unknown[] = []
    const url = await start(() => storeOf('server'), { onError: (error) => errors.push(error) })
    const { socket } = unfinished(url)
    await until('it is there', () => metric('requests_total') === 1)
    socket.destroy()
    await until('it is over', () => metric('refusals_total{reason="Aborted"}') === 1)
    expect([errors, metric('failures_total')]).toEqual([[], 0])
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

  test('that the sign-in refuses for a while gets 503 and the time, which a client keeps', async () => {
    let isAsleep = true
    const url = await start(() => (isAsleep ? left({ _tag: 'Asleep', retryAfter: 40 }) : storeOf('server')))
    const refused = await post(`${url}/a`, opening)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
    const waits: number[] = []
    const after = (ms: number, call: () => void) => {
      // the wait of a question for its answer is another one
      if (ms === SILENCE) return () => undefined
      waits.push(ms)
      isAsleep = false
      const timer = setTimeout(call, 0)
      return () => {
        clearTimeout(timer)
      }
    }
    const connection = connect(storeOf('ann'), http(`${url}/a`), {
      after,
      silence: SILENCE,
      backoff: { min: 1, max: 1 },
    })
    await until('it is let in', () => connection.status().phase === 'synced')
    connection.close()
    expect(waits[0]).toBe(1000)
  })

  test('is held to the policy of its link, and trusted as that says', async () => {
    const store = storeOf('server')
    const said: unknown[] = []
    const reconcileAsync: Numbers['reconcileAsync'] = (message, budget, options) => {
      said.push(options)
      return store.reconcileAsync(message, budget, options)
    }
    const now = 1_000_000
    const url = await start(() => ({ ...store, reconcileAsync }), {
      now: () => now,
      link: (_, document) => ({ policy: { maxDrift: 1000 }, trusted: document === 'trusted' }),
    })
    const stamped = (drift: number): string => {
      const ann = createStore(sb, 'ann', { now: () => now + drift })
      unwrap(ann.change(Model.set(`ahead by ${String(drift)}`, 1)))
      return JSON.stringify(sb.encodeMessage(sb.push(sb.create('ann'))(ann.getReplica())))
    }
    expect((await post(`${url}/trusted`, stamped(500))).status).toBeLessThan(300)
    await post(`${url}/a`, stamped(2000))
    expect(contentOf(store)).toEqual({ 'ahead by 500': 1 })
    await post(`${url}/a`, opening)
    expect([said[0], said.at(-1)]).toEqual([{ trusted: true }, { trusted: false }])
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
