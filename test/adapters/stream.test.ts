import { once } from 'node:events'
import { PassThrough, Readable, Transform, Writable, type Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { text } from 'node:stream/consumers'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test, vi } from 'vitest'
import { createStore, type LocalStore } from '../../src/adapters/store.js'
import { createReadStream, createStream, createWriteStream, type StreamOptions } from '../../src/adapters/stream.js'
import { Clock, Events, Model, scuttlebutt, unwrap, type Rejection, type Update } from '../../src/index.js'
import { eventually } from '../original/tcp.js'
import { inMemory } from '../runs.js'

type AnyStore = LocalStore<Model.State<unknown>, Model.Change<unknown>>

const sb = scuttlebutt(Model.of(t.unknown))

const make = (id: string, values: Readonly<Record<string, unknown>> = {}): AnyStore => {
  const store = createStore(sb, id)
  for (const [key, value] of Object.entries(values)) store.change(Model.set(key, value))
  return store
}

const read = (store: AnyStore) => Model.toJSON(store.getReplica().state)

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** All that a store's stream writes in answer to these lines. */
const answer = async (store: AnyStore, input: string | Uint8Array, options?: StreamOptions): Promise<string> => {
  const stream = createStream(store, options)
  stream.end(input)
  return text(stream)
}

/** Joins two streams. What the first writes passes through `between`. */
const join = (a: Duplex, b: Duplex, between: Duplex = new PassThrough()): void => {
  a.pipe(between).pipe(b).pipe(a)
}

/** Passes lines on as `change` makes them. */
const lines = (change: (line: string, i: number) => ReadonlyArray<string>): Transform => {
  let rest = ''
  let count = 0
  return new Transform({
    transform(chunk, _, done) {
      const complete = (rest + String(chunk)).split('\n')
      rest = complete.pop() ?? ''
      for (const line of complete) for (const out of change(line, count++)) this.push(`${out}\n`)
      done()
    },
  })
}

const nine = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`k${String(i)}`, i]))

const isK4 = (line: string): boolean => line.startsWith('[["k4"')

/** A change of lines: the update of k4 comes after the count of all. */
const moved = () => {
  let held: string | undefined
  return (line: string): ReadonlyArray<string> => {
    if (isK4(line)) held = line
    return isK4(line) ? [] : line.startsWith('"SURE [9') ? [line, held ?? ''] : [line]
  }
}

const rejectionsOf = (stream: ReturnType<typeof createStream>): ReadonlyArray<Rejection> => {
  const rejections: Rejection[] = []
  stream.on('rejection', (rejection) => rejections.push(rejection))
  return rejections
}

describe('A stream', () => {
  test('sends header, history and SYNC, then live updates, and announces each', async () => {
    const [a, b] = [make('a', { x: 1 }), make('b', { y: { z: ['é'] } })]
    const [left, right] = [createStream(a, { meta: { v: 1 } }), createStream(b)]
    const heard: unknown[] = []
    right.on('header', (header) => heard.push(header))
    for (const event of ['syncSent', 'syncReceived', 'sync'] as const) right.on(event, () => heard.push(event))
    join(left, right)
    await once(right, 'sync')
    a.change(Model.set('live', true))
    await tick()
    expect(read(a)).toEqual({ x: 1, y: { z: ['é'] }, live: true })
    expect(read(b)).toEqual(read(a))
    const clock: unknown = expect.objectContaining({ a: expect.any(Number) as unknown })
    expect(heard).toEqual([{ id: 'a', clock, meta: { v: 1 } }, 'syncSent', 'syncReceived', 'sync'])
  })

  test('ends with its peer, and lets go of the store', async () => {
    const [a, b] = [make('a', { x: 1 }), make('b')]
    const [left, right] = [createStream(a), createStream(b)]
    join(left, right)
    await once(left, 'sync')
    left.end()
    await Promise.all([once(left, 'close'), once(right, 'close')])
    a.change(Model.set('late', 1))
    await tick()
    expect(read(b)).toEqual({ x: 1 })
  })

  test('works with pipeline and with for await', async () => {
    const [a, b] = [make('a', { x: 1 }), make('b')]
    const seen: string[] = []
    for await (const chunk of createReadStream(a, { tail: false })) seen.push(String(chunk))
    await pipeline(Readable.from([seen.join('')]), createWriteStream(b))
    expect(read(b)).toEqual({ x: 1 })
    expect(
      seen
        .join('')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      'SURE {"name":"Model"}',
      { id: 'a', clock: { a: expect.any(Number) as unknown } },
      [['x', 1], expect.any(Number), 'a'],
      'SURE [1,{}]',
      'SYNC',
    ])
    const [c, d] = [createStream(a, { tail: false }), createStream(make('c'), { tail: false })]
    await Promise.all([pipeline(c, d, new PassThrough(), c)])
  })

  test('can be destroyed at any moment, by either side', async () => {
    for (const when of ['at once', 'midway', 'late']) {
      const [a, b] = [make('a', { x: 1 }), make('b', { y: 1 })]
      const [left, right] = [createStream(a), createStream(b)]
      join(left, right)
      if (when === 'midway') await once(right, 'header')
      if (when === 'late') await once(right, 'sync')
      left.destroy()
      await eventually(() => {
        expect([left.closed, right.closed]).toEqual([true, true])
      })
      a.change(Model.set('later', 1))
    }
  })

  test('lets go of the store when the stream before or after it closes midway', async () => {
    for (const side of ['source', 'sink'] as const) {
      const stream = createStream(make('a', { x: 1 }))
      const ends = { source: new PassThrough(), sink: new PassThrough() }
      ends.source.pipe(stream).pipe(ends.sink)
      await tick()
      ends[side].destroy()
      await once(stream, 'close')
    }
  })

  test('surfaces the error that it is destroyed with', async () => {
    const stream = createStream(make('a'))
    stream.destroy(new Error('mine'))
    await expect(once(stream, 'end')).rejects.toThrow('mine')
  })

  test('reports that it is piped to two peers, or from two', () => {
    const stream = createStream(make('a'))
    stream.pipe(new PassThrough())
    expect(() => stream.pipe(new PassThrough())).toThrow(/one peer/)
    const source = new PassThrough()
    source.pipe(stream)
    expect(() => new PassThrough().pipe(stream)).toThrow(/one peer/)
    const again = new PassThrough()
    const other = createStream(make('b'))
    other.pipe(again)
    other.unpipe(again)
    other.pipe(again)
  })

  test('takes strings in another encoding', async () => {
    const store = make('a')
    const stream = createStream(store)
    stream.end(Buffer.from('[["é",1],1000,"b"]\n').toString('hex'), 'hex')
    stream.resume()
    await once(stream, 'close')
    expect(read(store)).toEqual({ é: 1 })
  })

  test('sends nothing as a write stream, except its header with sendClock', async () => {
    const saved = await answer(make('a', { x: 1 }), '', { writable: false, tail: false })
    const store = make('b', { secret: 1 })
    expect(await answer(store, saved, { readable: false })).toBe('')
    expect(await answer(store, saved, { readable: false, sendClock: true })).toMatch(
      /^"SURE \{.*\}"\n\{"id":"b".*\}\n$/,
    )
    const duplex = createWriteStream(store, { sendClock: true })
    duplex.end(saved)
    expect(await text(duplex)).not.toContain('secret')
    expect(read(store)).toEqual({ secret: 1, x: 1 })
  })

  test('waits for the header of its peer as a read stream with clock', async () => {
    const store = make('a', { x: 1, y: 2 })
    const { clock } = sb.digest(store.getReplica())
    const stream = createReadStream(store, { clock: true, tail: false })
    stream.end(`${JSON.stringify({ id: 'b', clock })}\n`)
    expect((await text(stream)).trimEnd().split('\n')).toEqual([
      '"SURE {\\"name\\":\\"Model\\"}"',
      JSON.stringify({ id: 'a', clock }),
      '"SURE [0,{}]"',
      '"SYNC"',
    ])
  })
})

describe('Faults of the network', () => {
  test('N1: converges when chunks are cut at every byte, within characters too', async () => {
    const input = Buffer.from('{"id":"b","clock":{}}\n[["é😀","€"],1000,"b"]\r\n[["y",1],1001,"b"]\n"SYNC"\n')
    for (let cut = 0; cut <= input.length; cut++) {
      const store = make('a')
      const stream = createStream(store)
      const rejections = rejectionsOf(stream)
      stream.write(input.subarray(0, cut))
      stream.end(input.subarray(cut))
      await text(stream)
      expect(read(store)).toEqual({ 'é😀': '€', y: 1 })
      expect(rejections).toEqual([])
    }
  })

  test('N2: ignores doubled lines of an original, which counts none', async () => {
    const store = make('a')
    const stream = createStream(store)
    const rejections = rejectionsOf(stream)
    const lines = ['{"id":"b","clock":{"b":1001}}', '[["x",1],1000,"b"]', '[["y",2],1001,"b"]', '"SYNC"']
    stream.end(lines.map((line) => `${line}\n${line.startsWith('[') ? `${line}\n` : ''}`).join(''))
    await text(stream)
    expect(rejections).toEqual([])
    expect(sb.history()(store.getReplica())).toEqual([
      [['x', 1], 1000, 'b'],
      [['y', 2], 1001, 'b'],
    ])
    expect(sb.digest(store.getReplica())).toEqual({ id: 'a', clock: { b: 1001 } })
  })

  test.each([
    ['lost', 8, () => (line: string) => (isK4(line) ? [] : [line])],
    ['doubled', 10, () => (line: string) => (isK4(line) ? [line, line] : [line])],
    ['damaged', 8, () => (line: string) => (isK4(line) ? [`!${line}`] : [line])],
    ['moved behind the count', 8, moved],
  ] as const)(
    'N2, N3: notices a line that is %s, is not sure, and the next sync repairs it',
    async (_, received, change) => {
      const [a, b] = [make('a', nine), make('b')]
      const streams = [createStream(a), createStream(b)] as const
      const rejections = rejectionsOf(streams[1])
      join(...streams, lines(change()))
      await once(streams[1], 'end')
      expect(rejections.at(-1)).toEqual({ _tag: 'Gap', at: '', sent: 9, received })
      expect(streams[1].status().phase).toBe('failed')
      const { clock, doubt } = sb.digest(b.getReplica())
      expect([clock, Object.keys(doubt ?? {})]).toEqual([{}, ['a']])
      const sound = [createStream(a), createStream(b)] as const
      join(...sound)
      await once(sound[1], 'sync')
      expect(read(b)).toEqual(nine)
      expect(sb.isSynced(sb.digest(a.getReplica()), sb.digest(b.getReplica()))).toBe(true)
    },
  )

  test('N3: takes lines in any order, and misses none', async () => {
    const [a, b] = [make('a', nine), make('b')]
    const streams = [createStream(a), createStream(b)] as const
    const rejections = rejectionsOf(streams[1])
    let held: string[] = []
    const swap = (line: string): ReadonlyArray<string> => {
      if (!isK4(line)) return [line, ...held.splice(0)]
      held = [line]
      return []
    }
    join(...streams, lines(swap))
    await once(streams[1], 'sync')
    expect(rejections).toEqual([])
    expect(read(b)).toEqual(nine)
    expect(sb.isSynced(sb.digest(a.getReplica()), sb.digest(b.getReplica()))).toBe(true)
  })

  test('N4: converges by a clean sync after a cut at every byte', async () => {
    const input = Buffer.from(
      await answer(make('b', { x: 1, 'é😀': '€', y: [1] }), '', { writable: false, tail: false }),
    )
    for (let cut = 0; cut < input.length; cut += 1) {
      const store = make('a', { own: 1 })
      const stream = createStream(store)
      stream.write(input.subarray(0, cut))
      if (cut % 2 === 0) stream.destroy()
      else stream.end()
      await tick()
      await answer(store, input)
      expect(read(store)).toEqual({ own: 1, x: 1, 'é😀': '€', y: [1] })
    }
  })

  test('N4: reports a line that was cut midway as `InvalidJson`, and it comes with the next connection', async () => {
    const [ann, ben] = [make('ann', { x: 1 }), make('ben')]
    const said = await answer(ann, '{"id":"ben","clock":{}}\n')
    const cut = createStream(ben)
    const rejections: Rejection[] = []
    cut.on('rejection', (rejection: Rejection) => rejections.push(rejection))
    cut.end(said.slice(0, said.indexOf('"x"') + 5))
    await text(cut)
    expect([rejections.map(({ _tag }) => _tag), read(ben)]).toEqual([['InvalidJson'], {}])
    const [left, other] = [createStream(ann, { tail: false }), createStream(ben, { tail: false })]
    join(left, other)
    await Promise.all([once(left, 'close'), once(other, 'close')])
    expect(read(ben)).toEqual({ x: 1 })
  })

  test('N6: loses no write between connecting and the header', async () => {
    const [a, b] = [make('a', { x: 1 }), make('b', { y: 1 })]
    const [left, right] = [createStream(a), createStream(b)]
    a.change(Model.set('x', 2))
    join(left, right)
    a.change(Model.set('early', 1))
    b.change(Model.set('early too', 1))
    await Promise.all([once(left, 'sync'), once(right, 'sync')])
    expect(read(a)).toEqual({ x: 2, y: 1, early: 1, 'early too': 1 })
    expect(read(b)).toEqual(read(a))
  })

  test('N7: piles up nothing for a peer that never reads', async () => {
    const log = createStore(scuttlebutt(Events.of(t.number)), 'a')
    const stream = createStream(log)
    stream.write('{"id":"slow","clock":{}}\n')
    stream.read(0)
    await tick()
    for (let i = 0; i < 20_000; i++) log.change(Events.emit('tick', i))
    expect(stream.readableLength).toBeLessThan(64 * 1024)
    stream.end()
    const all = (await text(stream)).trimEnd().split('\n')
    expect(all.filter((line) => line.startsWith('['))).toHaveLength(20_000)
  })

  test('N7: writes no more than a slow sink takes', async () => {
    const log = createStore(scuttlebutt(Events.of(t.string)), 'a')
    for (let i = 0; i < 2000; i++) log.change(Events.emit('x', 'y'.repeat(100)))
    let most = 0
    const stream = createStream(log, { highWaterMark: 1024 })
    const slow = new Writable({
      highWaterMark: 1024,
      write(_, __, done) {
        most = Math.max(most, stream.readableLength + slow.writableLength)
        setImmediate(done)
      },
    })
    stream.pipe(slow)
    stream.end('{"id":"slow","clock":{}}\n')
    await once(slow, 'finish')
    expect(most).toBeLessThan(64 * 1024)
  })

  test('N8: lets go of a silent peer after a time', async () => {
    const store = make('a')
    const stream = createStream(store, { timeout: 30 })
    const rejections = rejectionsOf(stream)
    stream.write('{"id":"b","clock":{}}\n')
    await once(stream, 'close')
    expect(rejections).toEqual([{ _tag: 'Silent', at: '', timeout: 30 }])
    const ended = createStream(store, { timeout: 30 })
    ended.end('{"id":"b","clock":{}}\n')
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(ended.destroyed).toBe(false) // this side has not read yet
    ended.destroy()
    const alive = createStream(store, { timeout: 1000 })
    const beats = setInterval(() => alive.write('null\n'), 100)
    await new Promise((resolve) => setTimeout(resolve, 1500))
    clearInterval(beats)
    expect(alive.destroyed).toBe(false)
    alive.destroy()
  })

  test('N9: ends an endless line at the limit, in linear time', async () => {
    const store = make('a')
    const stream = createStream(store, { policy: { maxBytes: 1000 } })
    const rejections = rejectionsOf(stream)
    const chunk = Buffer.alloc(1 << 16, 'x')
    for (let i = 0; i < 500; i++) stream.write(chunk)
    stream.end('\n[["after",1],1000,"b"]\n')
    await text(stream)
    expect(rejections).toMatchObject([{ _tag: 'LineTooLong', limit: 1000 }])
    expect(read(store)).toEqual({ after: 1 })
    const byDefault = make('c')
    const update = (size: number) => `[["k","${'x'.repeat(size)}"],1000,"b"]\n`
    await answer(byDefault, update((1 << 20) - 18))
    expect(read(byDefault)).toEqual({})
    // its stamp is read, so that what is newer need not wait for it
    expect(Clock.toRecord(byDefault.getReplica().clock)).toEqual({ b: 1000 })
    expect(sb.digest(byDefault.getReplica()).clock).toEqual({})
    await answer(byDefault, update((1 << 20) - 19))
    expect(Object.keys(read(byDefault))).toEqual(['k'])
  })

  test.each([
    ['N10', `[["deep",${'['.repeat(100_000)}${']'.repeat(100_000)}],1000,"b"]`],
    ['N11', ''],
    ['N11', 'garbage'],
    ['N11', 'GET / HTTP/1.1\r\nHost: x\r\n\r'],
    ['N11', '\ufeff{"id":"b","clock":{}}'],
    ['N11', '[["x",1],1000,"b"] [["y",1],1001,"b"]'],
    ['N12', '{"id":"b"}'],
    ['N12', '{"clock":{}}'],
    ['N12', '{"id":"b","clock":[1]}'],
    ['N12', '{"id":"b","clock":{"a":"1"}}'],
    ['C6', '[["x",1],0,"b"]'],
    ['C6', '[["x",1],-0,"b"]'],
    ['C6', '[["x",1],-1,"b"]'],
    ['C6', '[["x",1],1e999,"b"]'],
    ['C6', '[["x",1],9007199254740992,"b"]'],
    ['C6', '[["x",1],"1000","b"]'],
    ['C6', '[["x",1],null,"b"]'],
  ])('%s: refuses %.50s, even without a listener, and takes the next line', async (_, line) => {
    const store = make('a')
    const next = '[["after",1],2000,"c"]\n'
    await answer(store, `${line}\n${next}`) // nobody listens
    const stream = createStream(store)
    const rejections = rejectionsOf(stream)
    stream.end(`${line}\n`)
    await text(stream)
    expect(rejections.length).toBeGreaterThan(0)
    // of a stamp that can be read, the clock passes it
    const passed = line.endsWith(',1000,"b"]') && line.startsWith('[["deep"') ? { b: 1000 } : {}
    expect(Clock.toRecord(store.getReplica().clock)).toEqual({ ...passed, c: 2000 })
    expect(sb.digest(store.getReplica()).clock).toEqual({})
    expect(read(store)).toEqual({ after: 1 })
  })

  test.each(['[["x",1],0,"b"]', `[["deep",${'['.repeat(1000)}${']'.repeat(1000)}],1000,"b"]`])(
    'W2: believes no claim of a peer of which it refused %.20s, until they meet anew',
    async (bad) => {
      const store = make('a')
      const whole = '{"id":"c","clock":{"c":2000}}\n[["after",1],2000,"c"]\n"SYNC"\n'
      await answer(store, whole.replace('"SYNC"', `${bad}\n"SYNC"\n[["live",1],3000,"c"]`))
      expect(read(store)).toEqual({ after: 1, live: 1 })
      expect(sb.digest(store.getReplica()).clock).toEqual({})
      await answer(store, whole)
      expect(sb.digest(store.getReplica()).clock).toMatchObject({ c: 2000 })
    },
  )

  test.each(['[null,1000,"b"]', '[["x"],1000,"b"]', '[[1,1],1000,"b"]', '[{"x":1},1000,"b"]'])(
    'B9: keeps %s, which it cannot read, apart from the state, and passes it on',
    async (line) => {
      const store = make('a')
      const stream = createStream(store)
      const rejections = rejectionsOf(stream)
      stream.end(`{"id":"b","clock":{"b":2000}}\n${line}\n[["after",1],2000,"b"]\n"SYNC"\n`)
      await text(stream)
      expect(rejections).toEqual([])
      expect(read(store)).toEqual({ after: 1 })
      expect(store.unread()).toEqual([JSON.parse(line)])
      // it lacks nothing
      expect(sb.digest(store.getReplica())).toEqual({ id: 'a', clock: { b: 2000 } })
      expect(await answer(store, '{"id":"c","clock":{}}\n')).toContain(`\n${line}\n`)
    },
  )

  test('N12: sends nothing more for a second header', async () => {
    const store = make('a', Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${String(i)}`, i])))
    const header = '{"id":"b","clock":{}}\n'
    expect(await answer(store, header.repeat(1000))).toBe(await answer(store, header))
  })

  test('N13: takes updates before the header, SYNC first, and no SYNC', async () => {
    const store = make('a', { own: 1 })
    const said = await answer(store, '"SYNC"\n[["x",1],1000,"b"]\n{"id":"b","clock":{"b":1000}}\n')
    expect(read(store)).toEqual({ own: 1, x: 1 })
    expect(said.trimEnd().split('\n')).toEqual([
      '"SURE {\\"name\\":\\"Model\\"}"',
      expect.stringMatching(/^\{"id":"a"/),
      expect.stringMatching(/^\[\["own",1\]/),
      '"SURE [1,{}]"',
      '"SYNC"',
    ])
  })

  test('N14: leaves nothing behind after 10,000 reconnects', async () => {
    const a = make('a', { x: 1 })
    let listening = 0
    const counted: AnyStore = {
      ...a,
      subscribe: (listener) => {
        const forget = a.subscribe(listener)
        listening++
        let once = 1
        return () => {
          listening -= once
          once = 0
          forget()
        }
      },
    }
    const socket = new PassThrough()
    const before = [socket.eventNames().length, process.listenerCount('uncaughtException')]
    const reconnect = async (times: number): Promise<number> => {
      for (let i = 0; i < times; i++) await connectOnce(i)
      await tick()
      collectGarbage()
      return process.memoryUsage().heapUsed
    }
    const connectOnce = async (i: number): Promise<void> => {
      const stream = createStream(counted)
      stream.write('{"id":"b","clock":{}}\n')
      stream.read()
      if (i % 2 === 0) stream.destroy()
      else {
        stream.resume()
        stream.end()
      }
      if (i % 100 === 0) await tick()
    }
    const warm = await reconnect(1000)
    const after = await reconnect(10_000)
    // a stream that stays holds some 5 kB
    expect(after - warm).toBeLessThan(4_000_000)
    expect(listening).toBe(0)
    expect([socket.eventNames().length, process.listenerCount('uncaughtException')]).toEqual(before)
  })
})

describe('Faults of clocks and peers', () => {
  test('C1: shows one winner everywhere when two sources share a timestamp', async () => {
    const [a, b] = [make('a'), make('b')]
    a.apply([
      [['k', 'from x'], 1000, 'x'],
      [['k', 'from y'], 1000, 'y'],
    ])
    b.apply([
      [['k', 'from y'], 1000, 'y'],
      [['k', 'from x'], 1000, 'x'],
    ])
    expect(read(a)).toEqual({ k: 'from y' })
    expect(read(b)).toEqual({ k: 'from y' })
    await tick()
  })

  test('C2, C3: counts a local write everywhere, wherever the wall clock stands', () => {
    const wall = { now: 5000 }
    const a = createStore(sb, 'a', { now: () => wall.now })
    a.apply([[['k', 'theirs'], 9000, 'b']])
    a.change(Model.set('k', 'mine'))
    wall.now = 10
    a.change(Model.set('k', 'mine again'))
    expect(read(a)).toEqual({ k: 'mine again' })
    const b = make('b')
    b.apply(sb.history()(a.getReplica()))
    expect(read(b)).toEqual({ k: 'mine again' })
  })

  test('C4: gives a million writes in a frozen millisecond a timestamp each', () => {
    const { create, change } = sb
    let replica = create('a')
    let latest = 0
    const set = change(Model.set('k', 1), 1_795_418_741_399)
    for (let i = 0; i < 1_000_000; i++) {
      const changed = set(replica)
      if (changed._tag === 'Left') throw new Error('refused')
      if (!(changed.right[0][1] > latest)) throw new Error('stuck')
      latest = changed.right[0][1]
      replica = changed.right[1]
    }
    expect(latest).toBeLessThan(1_795_418_741_399 + 250)
  })

  test('C5, B3: refuses a timestamp a day ahead, even under its own id, and still writes', async () => {
    const day = 24 * 60 * 60 * 1000
    const store = make('a')
    const at = Date.now()
    const stream = createStream(store)
    const rejections = rejectionsOf(stream)
    stream.end(
      `[["k","far"],${String(at + day + 60_000)},"b"]\n[["k","own"],9007199254740991,"a"]\n[["k","near"],${String(at + day - 60_000)},"c"]\n`,
    )
    await text(stream)
    expect(rejections.map(({ _tag }) => _tag)).toEqual(['TooFarAhead', 'TooFarAhead'])
    expect(read(store)).toEqual({ k: 'near' })
    expect(store.change(Model.set('k', 'mine'))._tag).toBe('Right')
    expect(read(store)).toEqual({ k: 'mine' })
    const lax = make('d')
    await answer(lax, '[["k","far"],9007199254740990,"b"]\n', { policy: { maxDrift: Infinity } })
    expect(lax.change(Model.set('k', 1))).toMatchObject({ right: [['k', 1], 9007199254740991, 'd'] })
    expect(lax.change(Model.set('k', 2))).toMatchObject({ left: { _tag: 'TimestampsExhausted' } })
  })

  test('B6: reports two contents under one timestamp, with both as proof', async () => {
    const store = make('a')
    const stream = createStream(store)
    const rejections = rejectionsOf(stream)
    stream.end('[["k",1],1000,"b"]\n[["k",1],1000,"b","a signature"]\n[["k",2],1000,"b"]\n')
    await text(stream)
    expect(rejections).toEqual([
      { _tag: 'Equivocation', at: '[0]', update: [['k', 2], 1000, 'b'], held: [['k', 1], 1000, 'b'] },
    ])
  })

  test('B8: carries ids and keys called __proto__ and the like as plain data', async () => {
    const names = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', '']
    for (const id of names) {
      const store = createStore(sb, id)
      for (const name of names) store.change(Model.set(name, { [name]: 1 }))
      const other = make('other')
      await answer(other, await answer(store, '', { writable: false, tail: false }))
      expect(JSON.stringify(read(other))).toBe(JSON.stringify(read(store)))
      expect(Object.entries(sb.digest(other.getReplica()).clock).map(([source]) => source)).toEqual([id])
      expect(Model.has('valueOf')(other.getReplica().state)).toBe(false)
    }
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('1')
  })

  test('B10: carries events with the names of stream events as plain data', async () => {
    const events = scuttlebutt(Events.of(t.unknown))
    const [a, b] = [createStore(events, 'a'), createStore(events, 'b')]
    const names = ['error', 'dispose', '_update', 'newListener', 'close', 'end', '__proto__']
    for (const name of names) a.change(Events.emit(name, name))
    const [left, right] = [createStream(a), createStream(b)]
    join(left, right)
    await once(right, 'sync')
    expect(Events.toJSON(b.getReplica().state)).toEqual(names.map((name) => [name, name]))
    for (const name of names) expect(Events.events(name)(b.getReplica().state)).toHaveLength(1)
    expect(right.destroyed).toBe(false)
  })

  test('B12: converges with mixed types under one key', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 }), (order) => {
        const values = [1, '1', null, { a: 1 }, [1], false]
        const updates = values.map((value, i): Update<Model.Change<unknown>> => [['k', value], 1000, String(i)])
        const store = make('a')
        for (const i of order) store.apply([updates[i]!])
        expect(read(store)).toEqual({ k: false })
      }),
    )
  })

  test('keeps the store and the other streams working beside one bad peer', async () => {
    const store = make('hub', { x: 1 })
    const good = make('good', { y: 2 })
    const [toGood, fromGood] = [createStream(store), createStream(good)]
    join(toGood, fromGood)
    const bad = createStream(store)
    bad.write(Buffer.from([0xff, 0xfe, 0x0a]))
    for (const line of ['{"id":"bad","clock":{"hub":1e300}}', '[[],1,"x"]', '{}', '[["z",1],1,"bad"]', '[[[[['])
      bad.write(`${line}\n`)
    bad.destroy(new Error('reset'))
    bad.on('error', () => undefined)
    store.change(Model.set('after', 1))
    await tick()
    expect(read(good)).toEqual({ x: 1, y: 2, z: 1, after: 1 })
  })

  test('R4: lets a quiet source through while another floods, by breadth and oldest first', () => {
    const { create, applyUpdates, history, digest } = sb
    const flood = Array.from({ length: 1000 }, (_, i): Update<Model.Change<unknown>> => [
      [`f${String(i)}`, i],
      i + 1,
      'flood',
    ])
    const source = applyUpdates([...flood, [['q', 1], 500, 'quiet']])(create('a'))
    const rounds = (order: 'breadth' | 'oldest-first' | 'depth'): number => {
      let replica = create('b')
      for (let round = 1; ; round++) {
        replica = applyUpdates(history(digest(replica).clock, { maxUpdates: 10, order })(source))(replica)
        if (Model.has('q')(replica.state)) return round
      }
    }
    expect(rounds('breadth')).toBe(1)
    expect(rounds('oldest-first')).toBe(51)
    expect(rounds('depth')).toBe(101)
  })

  test('R5: sends no live update back to its sender', async () => {
    const [a, b] = [make('a'), make('b')]
    const [left, right] = [createStream(a), createStream(b)]
    let back = ''
    right.on('data', (chunk) => (back += String(chunk)))
    join(left, right)
    await once(left, 'sync')
    back = ''
    for (let i = 0; i < 100; i++) {
      a.change(Model.set('k', i))
      if (i % 10 === 0) await tick()
    }
    await eventually(() => {
      expect(read(b)).toEqual({ k: 99 })
    })
    expect(back).toBe('')
  })
})

test('A data type that throws on an update ends that stream alone, and loses nothing', async () => {
  const fragile = scuttlebutt({
    ...Model.of(t.unknown),
    apply: (updates: ReadonlyArray<Update<Model.Change<unknown>>>) => {
      if (updates.some(([[key]]) => key === 'bomb')) throw new Error('not total')
      return Model.of(t.unknown).apply(updates)
    },
  })
  const store = createStore(fragile, 'a')
  const [bad, good] = [createStream(store), createStream(store)]
  const rejections = rejectionsOf(bad)
  bad.write('[["x",1],1000,"b"]\n[["bomb",1],1001,"b"]\n')
  bad.write('[["y",1],1002,"b"]\n')
  await text(bad)
  expect(rejections).toEqual([{ _tag: 'Failed', at: '', reason: 'Error: not total' }])
  expect(sb.digest(store.getReplica()).clock).toEqual({})
  good.write('[["z",1],1000,"c"]\n')
  expect(read(store)).toEqual({ z: 1 })
  good.destroy()
})

test('A stream neither throws nor hangs on any bytes', async () => {
  const store = make('a', { x: 1 })
  const throwing = vi.fn()
  process.on('uncaughtException', throwing)
  const pieces = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc
      .constantFrom('{"id":"b","clock":{}}\n', '"SYNC"\n', '[["x",1],1000,"b"]\n', '[[', '\n', '"\\ud800"\n')
      .map((s) => Buffer.from(s)),
    fc.json().map((json) => Buffer.from(`${json}\n`)),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 12 }), async (chunks) => {
      const stream = createStream(store)
      for (const chunk of chunks) stream.write(chunk)
      stream.end()
      await text(stream)
    }),
    { numRuns: inMemory(300) },
  )
  process.off('uncaughtException', throwing)
  expect(throwing).not.toHaveBeenCalled()
})

test('a value that its codec cannot encode, as of a JSON clone, fails its stream alone', async () => {
  const date = new t.Type<Date, string, unknown>(
    'Date',
    (u): u is Date => u instanceof Date,
    (u, context) => (typeof u === 'string' ? t.success(new Date(u)) : t.failure(u, context)),
    (value) => value.toISOString(),
  )
  const dates = scuttlebutt(Model.of(date))
  const [, saved] = unwrap(dates.change(Model.set('day', new Date(0)), 1000)(dates.create('ann')))
  const clone = JSON.parse(JSON.stringify(saved)) as typeof saved
  const ann = createStream(createStore(dates, 'ann', { replica: clone }))
  const ben = createStream(createStore(dates, 'ben'))
  const rejections: unknown[] = []
  ann.on('rejection', (rejection) => rejections.push(rejection))
  ann.on('error', () => undefined)
  ben.on('error', () => undefined)
  ann.pipe(ben).pipe(ann)
  await expect.poll(() => rejections).toMatchObject([{ _tag: 'Failed' }])
})
