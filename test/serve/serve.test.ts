/** A server of many documents, over real sockets of npm `ws` on loopback. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { afterEach, describe, expect, test } from 'vitest'
import type { OpenDocument, ServeOptions } from '../../src/adapters/connect.js'
import { createStore } from '../../src/adapters/store.js'
import { Clock, Model, RArray, scuttlebutt, unwrap } from '../../src/index.js'
import { left, right } from '../../src/core/Either.js'
import { overWire } from '../runs.js'
import { client, contentOf, raw, run, storeOf, until, type Numbers, type Running } from './client.js'

const running: Running[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map(({ end }) => end()))
})

const start = async (open: OpenDocument, options?: ServeOptions): Promise<Running> => {
  const one = await run(open, options)
  running.push(one)
  return one
}

/** Stores by document, made when they are asked for. */
const shelf = () => {
  const stores = new Map<string, Numbers>()
  const open = (_: unknown, document: string): Numbers => {
    const store = stores.get(document) ?? storeOf(`server of ${document}`)
    stores.set(document, store)
    return store
  }
  return { stores, open }
}

const metric = ({ server }: Running, line: string): number => {
  const found = new RegExp(`^scuttlebutt_${line} (\\d+)$`, 'm').exec(server.metrics())
  return Number(found?.[1] ?? NaN)
}

/** The frames that end a document. */
const ends = (heard: ReadonlyArray<unknown>) => heard.filter((frame) => (frame as unknown[])[1] === null)

/** How a peer hears one answer of `open` for document `a`, and of `onPeer` for document `b`. */
const answeredTwice = async (answer: unknown) => {
  const errors: unknown[] = []
  const at = await start((_, document) => (document === 'a' ? (answer as never) : storeOf('server')), {
    onPeer: () => answer as never,
    onError: (error) => errors.push(error),
  })
  const { join, heard } = await client(at.url)
  join('a', storeOf('ann'))
  join('b', storeOf('ann'))
  await until('two refusals', () => ends(heard).length === 2)
  return { told: new Set(ends(heard)), errors }
}

describe('Many documents', () => {
  test('on many sockets stay apart, and each converges', async () => {
    const { open, stores } = shelf()
    const at = await start(open)
    const names = ['', 'a', '__proto__', 'constructor', '\ud800', 'ä/ö']
    const clients = await Promise.all([client(at.url), client(at.url), client(at.url)])
    const held = clients.map(({ join }, i) =>
      names.map((name) => {
        const store = storeOf(`client ${String(i)}`)
        join(name, store)
        store.change(Model.set(`from ${String(i)}`, name))
        return store
      }),
    )
    const expected = (name: string) => ({ 'from 0': name, 'from 1': name, 'from 2': name })
    const all = held.flatMap((stores) => stores.map((store, i) => [store, names[i]!] as const))
    await until('all have all', () => all.every(([store]) => Model.size(store.getReplica().state) === 3))
    for (const [store, name] of all) expect(contentOf(store)).toEqual(expected(name))
    expect([...stores.keys()].sort()).toEqual([...names].sort())
    expect(metric(at, 'sockets')).toBe(3)
    expect(metric(at, 'links')).toBe(18)
    expect(metric(at, 'documents')).toBe(6)
  })

  test('are let go of one by one, and when the socket closes', async () => {
    const { open } = shelf()
    const released: string[] = []
    const at = await start(open, { release: (document) => released.push(document) })
    const { join, leave, socket } = await client(at.url)
    for (const name of ['a', 'b', 'c']) join(name, storeOf('ann'))
    await until('three links', () => metric(at, 'documents') === 3)
    leave('b')
    await until('b is gone', () => metric(at, 'documents') === 2)
    expect(released).toEqual(['b'])
    socket.terminate()
    await until('all are gone', () => metric(at, 'sockets') === 0)
    expect([released.sort(), metric(at, 'links')]).toEqual([['a', 'b', 'c'], 0])
  })
})

describe('The end of a document', () => {
  const opening = '"SURE {\\"name\\":\\"Model\\"}"\n'

  test('is answered once, if the peer ends it; then it may begin again', async () => {
    const { open } = shelf()
    const at = await start(open)
    const { socket, heard } = await raw(at.url)
    for (const text of [opening, null, opening]) socket.send(JSON.stringify(['a', text]))
    await until('a header', () => heard.length === 2)
    expect(ends(heard)).toEqual([['a', null]])
    expect(metric(at, 'links')).toBe(1)
  })

  test('drops what was under way, until the peer confirms it', async () => {
    let opened = 0
    const at = await start(() => (++opened === 1 ? left({ _tag: 'No' }) : storeOf('server')))
    const { socket, heard } = await raw(at.url)
    socket.send(JSON.stringify(['a', opening]))
    await until('a refusal', () => heard.length === 1)
    for (const text of ['x', 'y', null, opening]) socket.send(JSON.stringify(['a', text]))
    await until('a header', () => heard.length === 2)
    expect([opened, ends(heard)]).toEqual([2, [['a', null, { _tag: 'No' }]]])
  })

  test('that a peer never confirms is not remembered without bound', async () => {
    const at = await start(() => left({ _tag: 'No' }), { limits: { documents: 10 } })
    const { socket, closed } = await raw(at.url)
    for (let i = 0; i < 200; i++) socket.send(JSON.stringify([String(i), opening]))
    expect(await closed).toBe(1008)
  })
})

describe('A peer is refused', () => {
  test('with the record of the sign-in, which may be a promise', async () => {
    const at = await start(({ headers }) =>
      Promise.resolve(
        headers['authorization'] === 'yes' ? right(storeOf('server')) : left({ _tag: 'Unauthorized', realm: 'r' }),
      ),
    )
    const { join, heard } = await client(at.url)
    join('a', storeOf('ann'))
    await until('an answer', () => heard.length > 0)
    expect(heard).toEqual([['a', null, { _tag: 'Unauthorized', realm: 'r' }]])
    expect(metric(at, 'refusals_total{reason="Unauthorized"}')).toBe(1)
  })

  test('with `Failed` if the sign-in throws, rejects or gives no store', async () => {
    const errors: unknown[] = []
    const given: Record<string, () => never> = {
      throws: () => {
        throw new Error('thrown')
      },
      rejects: () => Promise.reject(new Error('rejected')) as never,
      nothing: () => undefined as never,
      null: () => null as never,
      other: () => ({}) as never,
      emptyRight: () => ({ _tag: 'Right' }) as never,
    }
    const at = await start((_, document) => given[document]!(), { onError: (error) => errors.push(error) })
    const { join, heard } = await client(at.url)
    for (const name of Object.keys(given)) join(name, storeOf('ann'))
    await until('six answers', () => heard.length === 6)
    const refusal = { _tag: 'Failed', retryAfter: 5000 }
    expect(new Set(heard)).toEqual(new Set(Object.keys(given).map((name) => [name, null, refusal])))
    const expected = 'a store, or a Left with a record that has a _tag'
    const invalid = (document: string) => ({ _tag: 'InvalidAnswer', hook: 'open', document, expected })
    expect(new Set(errors)).toEqual(
      new Set<unknown>([
        new Error('thrown'),
        new Error('rejected'),
        ...['nothing', 'null', 'other', 'emptyRight'].map((document) => invalid(document)),
      ]),
    )
  })

  test.each([[{ _tag: 'Left' }], [{ _tag: 'Left', left: null }], [{ _tag: 'Left', left: {} }]])(
    'with `Unauthorized` if a hook answers %j, without a record',
    async (answer) => {
      const { told, errors } = await answeredTwice(answer)
      expect(told).toEqual(
        new Set([
          ['a', null, { _tag: 'Unauthorized', reason: 'the sign-in refused the peer' }],
          ['b', null, { _tag: 'Unauthorized', reason: 'onPeer refused the peer' }],
        ]),
      )
      expect(errors).toEqual([])
    },
  )

  const circular: { _tag: string; self?: unknown } = { _tag: 'Database' }
  circular.self = circular

  test.each([
    ['is circular', circular],
    ['has a bigint', { _tag: 'Database', n: 5n }],
    ['is too long', { _tag: 'Database', text: 'x'.repeat(1 << 17) }],
  ])('with the tag alone if the rest %s, and the server hears all of it', async (_, reason) => {
    const { told, errors } = await answeredTwice({ _tag: 'Left', left: reason })
    expect(told).toEqual(
      new Set([
        ['a', null, { _tag: 'Database' }],
        ['b', null, { _tag: 'Database' }],
      ]),
    )
    expect(errors).toEqual([reason, reason])
  })

  test('with `Failed` if `onPeer` gives no Either, and nothing of it is taken', async () => {
    const errors: unknown[] = []
    const store = storeOf('server')
    const at = await start(() => store, { onPeer: () => undefined as never, onError: (error) => errors.push(error) })
    const { join, heard } = await client(at.url)
    const ann = storeOf('ann')
    unwrap(ann.change(Model.set('x', 1)))
    join('a', ann)
    await until('a refusal', () => ends(heard).length > 0)
    expect([contentOf(store), errors]).toMatchObject([{}, [{ _tag: 'InvalidAnswer', hook: 'onPeer' }]])
  })

  test('if it is of another data type', async () => {
    const at = await start(() => storeOf('server'))
    const { join, heard } = await client(at.url)
    join('a', createStore(scuttlebutt(RArray.of(t.number)), 'ann'))
    await until('a refusal', () => JSON.stringify(heard).includes('OtherType'))
    expect(heard.at(-1)).toEqual(['a', null, { _tag: 'OtherType', name: 'RArray' }])
  })

  test('by its header, before any update of it is taken', async () => {
    const store = storeOf('server')
    const at = await start(() => store, {
      onPeer: ({ id }) => (id === 'friend' ? right(undefined) : left({ _tag: 'Stranger' })),
    })
    const hello = (id: string): string => `"SURE {\\"name\\":\\"Model\\"}"\n{"id":"${id}","clock":{}}\n`
    const update = (id: string): string => `[["k","${id}"],1000,"${id}"]\n`
    const one = await raw(at.url)
    one.socket.send(JSON.stringify(['headerFirst', hello('foe') + update('foe')]))
    one.socket.send(JSON.stringify(['noHeader', `"SURE {}"\n${update('foe')}${hello('friend')}`]))
    one.socket.send(JSON.stringify(['welcome', hello('friend') + update('friend')]))
    await until('the friend is heard', () => Model.size(store.getReplica().state) > 0)
    await until('two refusals', () => ends(one.heard).length === 2)
    expect(contentOf(store)).toEqual({ k: 'friend' })
    expect(one.heard).toContainEqual(['headerFirst', null, { _tag: 'Stranger' }])
    expect(one.heard).toContainEqual(['noHeader', null, { _tag: 'Unauthorized' }])
  })

  test('with `TooMany` beyond the documents of a socket, and code 1013 beyond the sockets', async () => {
    const { open } = shelf()
    const at = await start(open, { limits: { documents: 2, sockets: 1 } })
    const { join, heard } = await client(at.url)
    for (const name of ['a', 'b', 'c']) join(name, storeOf('ann'))
    await until('a refusal', () => ends(heard).length > 0)
    expect(heard).toContainEqual(['c', null, { _tag: 'TooMany', limit: 2, retryAfter: 10_000 }])
    expect(await (await raw(at.url)).closed).toBe(1013)
  })

  test('nothing, if the link may only read', async () => {
    const store = storeOf('server')
    unwrap(store.change(Model.set('kept', 1)))
    const at = await start(() => store, { link: () => ({ writable: false, clock: true }) })
    const ann = storeOf('ann')
    unwrap(ann.change(Model.set('tried', 1)))
    const { join } = await client(at.url)
    join('', ann)
    await until('ann reads', () => Model.size(ann.getReplica().state) === 2)
    expect(contentOf(store)).toEqual({ kept: 1 })
  })
})

/** Messages that are none, and codes that they are answered with. */
const garbage = fc.oneof(
  fc.constantFrom('', 'x', '{}', 'null', '[1]', '["a"]', '["a",1]', '["a",null,1]', '[null,"x"]', '["a","b","c","d"]'),
  fc.string(),
  fc.json(),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
)

describe('Garbage', () => {
  test('closes its socket at most, and harms no other', async () => {
    const { open, stores } = shelf()
    const errors: unknown[] = []
    const at = await start(open, { onError: (error) => errors.push(error) })
    const good = await client(at.url)
    const ann = storeOf('ann')
    good.join('shared', ann)
    await fc.assert(
      fc.asyncProperty(garbage, fc.boolean(), async (data, isInLink) => {
        const bad = await raw(at.url)
        if (isInLink) bad.socket.send(JSON.stringify(['shared', `"SURE {\\"name\\":\\"Model\\"}"\n${String(data)}\n`]))
        else bad.socket.send(data)
        bad.socket.send('[]')
        const isFrame = isInLink || (typeof data === 'string' && isOfOurs(data))
        if (!isFrame) expect(await bad.closed).toBe(1008)
        bad.socket.terminate()
      }),
      { numRuns: overWire(40) },
    )
    unwrap(ann.change(Model.set('still', 1)))
    await until('ann is heard', () => Model.size(stores.get('shared')!.getReplica().state) === 1)
    expect([errors, good.socket.readyState]).toEqual([[], 1])
  })

  test('that is too long closes with 1009', async () => {
    const at = await start(() => storeOf('server'), { limits: { messageBytes: 1000 } })
    const { socket, closed } = await raw(at.url)
    socket.send(JSON.stringify(['a', 'x'.repeat(2000)]))
    expect(await closed).toBe(1009)
  })

  test('pollutes no prototype, and is not announced to other peers', async () => {
    const { open } = shelf()
    const at = await start(open)
    const { socket } = await raw(at.url)
    const lines =
      '"SURE {\\"name\\":\\"Model\\"}"\n{"id":"x","clock":{"__proto__":5}}\n[["__proto__",1],2,"__proto__"]\n'
    socket.send(JSON.stringify(['__proto__', lines]))
    await until('it is heard', () => metric(at, 'links') === 1)
    expect(({} as Record<string, unknown>)['1']).toBeUndefined()
  })
})

/** Whether a text is one of the frames, by the letter of their agreement. */
const isOfOurs = (text: string): boolean => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return false
  }
  if (!Array.isArray(value)) return false
  const [document, piece, refusal] = value as unknown[]
  if (value.length === 0) return true
  if (typeof document !== 'string') return false
  if (value.length === 2) return typeof piece === 'string' || piece === null
  const isRecord = typeof refusal === 'object' && refusal !== null && !Array.isArray(refusal)
  return value.length === 3 && piece === null && isRecord && typeof (refusal as { _tag?: unknown })._tag === 'string'
}

describe('A socket', () => {
  test('whose peer does not read gets no more than a buffer, while others get all', async () => {
    const store = storeOf('server')
    const at = await start(() => store, { limits: { buffer: 100_000 } })
    const slow = await raw(at.url)
    slow.socket.pause()
    slow.socket.send(JSON.stringify(['', '"SURE {\\"name\\":\\"Model\\"}"\n{"id":"slow","clock":{}}\n']))
    const ann = storeOf('ann')
    const quick = await client(at.url)
    quick.join('', ann)
    await until('two links', () => metric(at, 'links') === 2)
    const big = 'x'.repeat(50_000)
    let most = 0
    for (let i = 0; i < 160; i++) {
      unwrap(store.change(Model.set(`key ${String(i)}`, big)))
      if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      for (const socket of at.wss.clients) most = Math.max(most, socket.bufferedAmount)
    }
    await until('ann has all', () => Model.size(ann.getReplica().state) === 160)
    for (const socket of at.wss.clients) most = Math.max(most, socket.bufferedAmount)
    // the system's own buffers are full, and then ours
    expect(most).toBeGreaterThan(50_000)
    expect(most).toBeLessThan(100_000 + 64 * 51_000)
    // when it reads again, it gets the rest
    const told = new Set<unknown>()
    let line = ''
    slow.socket.on('message', (data: Buffer) => {
      const lines = (line + (JSON.parse(data.toString()) as [string, string])[1]).split('\n')
      line = lines.pop()!
      for (const one of lines) if (one.startsWith('[')) told.add((JSON.parse(one) as [[string, unknown]])[0][0])
    })
    slow.socket.resume()
    await until('the slow one has all', () => told.size === 160)
    expect(contentOf(store)).toEqual(contentOf(ann))
  })

  test('that is half-open, or says nothing, is found by the heartbeat', async () => {
    const at = await start(() => storeOf('server'), { limits: { heartbeat: 100, timeout: 1500 } })
    const silent = await raw(at.url)
    const alive = await raw(at.url)
    const beat = setInterval(() => {
      alive.socket.send('[]')
    }, 50)
    await silent.closed
    await until('heartbeats', () => alive.heard.length > 2)
    await until('one is left', () => metric(at, 'sockets') === 1)
    clearInterval(beat)
    expect([alive.heard[0], alive.socket.readyState]).toEqual([[], 1])
  })

  test('without a document is closed as idle', async () => {
    const { open } = shelf()
    const at = await start(open, { limits: { idle: 1000 } })
    const busy = await client(at.url)
    busy.join('a', storeOf('ann'))
    const idle = await raw(at.url)
    expect(await idle.closed).toBe(1000)
    expect(busy.socket.readyState).toBe(1)
  })

  test('that sends faster than its share is read more slowly, and loses nothing', async () => {
    const store = storeOf('server')
    const at = await start(() => store, { limits: { bytesPerSecond: 200_000, messageBytes: 100_000, heartbeat: 200 } })
    const ann = storeOf('ann')
    for (let i = 0; i < 10; i++) unwrap(ann.change(Model.set(`key ${String(i)}`, 'x'.repeat(40_000))))
    const { join } = await client(at.url)
    const begun = Date.now()
    join('', ann)
    await until('all came', () => Model.size(store.getReplica().state) === 10)
    expect(Date.now() - begun).toBeGreaterThan(500)
  })
})

describe('A server that stops', () => {
  test('tells its peers, saves the stores in use, and then resolves', async () => {
    const store = storeOf('server')
    let saved = 0
    const flushed = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      saved = Model.size(store.getReplica().state)
      return right(undefined)
    }
    const at = await start(() => ({ ...store, flushed }))
    const { join, heard, closed } = await client(at.url)
    const ann = storeOf('ann')
    join('a', ann)
    unwrap(ann.change(Model.set('x', 1)))
    await until('it came', () => Model.size(store.getReplica().state) === 1)
    await at.server.close()
    expect([saved, await closed]).toEqual([1, 1001])
    expect(heard).toContainEqual(['a', null, { _tag: 'Closing', retryAfter: 1000 }])
    expect(metric(at, 'sockets')).toBe(0)
  })

  test('resolves although a peer does not close, or a store cannot save', async () => {
    const errors: unknown[] = []
    const store = { ...storeOf('server'), flushed: () => Promise.resolve(left('no space')) }
    const at = await start(() => store, { onError: (error) => errors.push(error), limits: { heartbeat: 40 } })
    const { join, socket } = await client(at.url)
    join('a', storeOf('ann'))
    await until('a link', () => metric(at, 'links') === 1)
    socket.pause()
    await at.server.close()
    expect(errors).toContain('no space')
    socket.terminate()
  })
})

test('A peer is sent only what the store has saved', async () => {
  const store = storeOf('server')
  let saved = store.getReplica().clock
  let isBroken = true
  const flushed = async () => {
    const { clock } = store.getReplica()
    await new Promise((resolve) => setTimeout(resolve, 1))
    if (isBroken) return left('no space')
    saved = clock
    return right(undefined)
  }
  const at = await start(() => ({ ...store, flushed }) as Numbers, { limits: { heartbeat: 40 } })
  const [ann, ben] = [storeOf('ann'), storeOf('ben')]
  const early: unknown[] = []
  ben.subscribe((updates) => {
    early.push(...updates.filter((update) => !Clock.covers(update)(saved)))
  })
  const [one, two] = await Promise.all([client(at.url), client(at.url)])
  one.join('', ann)
  two.join('', ben)
  unwrap(ann.change(Model.set('x', 0)))
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(Model.size(ben.getReplica().state)).toBe(0)
  isBroken = false
  await until('ben has it', () => Model.size(ben.getReplica().state) === 1)
  for (let i = 1; i < 50; i++) {
    unwrap(ann.change(Model.set('x', i)))
    if (i % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await until('ben has all', () => JSON.stringify(contentOf(ben)) === '{"x":49}')
  expect(early).toEqual([])
})
