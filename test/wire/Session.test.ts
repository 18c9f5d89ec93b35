import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import {
  Clock,
  Lines,
  Model,
  scuttlebutt,
  Session,
  WireMessage,
  type DataType,
  type Replica,
  type Update,
} from '../../src/index.js'
import { take } from '../../src/core/receive.js'
import { wholePasts } from '../network.js'
import { inMemory } from '../runs.js'
import { expectSame } from '../same.js'
import { table } from '../table.js'

/** One end of a connection: a session, its replica, and the bytes that the peer has not read. */
class End<S, C> {
  session: Session.Session<C>
  lines = Lines.empty
  outbox = Buffer.alloc(0)
  readonly sent: Update<C>[] = []
  readonly heard: string[] = []
  readonly announced: string[] = []
  readonly dataType: DataType<S, C>
  replica: Replica<S, C>

  constructor(dataType: DataType<S, C>, replica: Replica<S, C>, options: Session.Options = {}) {
    this.dataType = dataType
    this.replica = replica
    this.session = Session.open<C>(options)
  }

  read(chunk: Uint8Array): void {
    const [lines, rest] = Lines.push(chunk, 1 << 20)(this.lines)
    this.lines = rest
    const decode = WireMessage.decode(this.dataType)({})
    const messages = lines.map((line) => (line._tag === 'Left' ? line : decode(line.right)))
    const { session, brought, announce } = Session.receive(this.dataType)(messages)(this.session, this.replica)
    this.session = session
    for (const { batch, vouching } of brought) this.replica = take(this.dataType)(batch, vouching)(this.replica).replica
    this.announce(announce)
    for (const message of messages) {
      if (message._tag === 'Right' && message.right._tag === 'Update') this.heard.push(stamp(message.right.update))
    }
  }

  /** Writes up to that many messages. Returns whether there were any. */
  write(maxMessages: number): boolean {
    const { session, send, announce } = Session.send<C>(maxMessages)(this.session, this.replica)
    this.session = session
    this.announce(announce)
    for (const message of send) {
      if (message._tag === 'Update') this.sent.push(message.update)
      this.outbox = Buffer.concat([this.outbox, Buffer.from(WireMessage.encode(this.dataType)(message))])
    }
    return send.length > 0
  }

  private announce(announcements: ReadonlyArray<Session.Announcement>): void {
    for (const announcement of announcements) {
      this.announced.push(announcement._tag === 'rejection' ? announcement.rejection._tag : announcement._tag)
    }
  }
}

const stamp = ([, timestamp, source]: Update<unknown>): string => JSON.stringify([timestamp, source])

/** Carries bytes both ways, in pieces of the sizes in `pace`, until both ends are silent. */
const talk = <S, C>(a: End<S, C>, b: End<S, C>, pace: ReadonlyArray<number> = [Infinity]): void => {
  let turn = 0
  const next = (): number => pace[turn++ % pace.length]!
  for (let quiet = 0; quiet < 2;) {
    quiet++
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      if (from.write(next())) quiet = 0
      const size = Math.min(from.outbox.length, next())
      if (size > 0) quiet = 0
      to.read(from.outbox.subarray(0, size))
      from.outbox = from.outbox.subarray(size)
    }
  }
}

const pace = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 7 })

describe.each(table.map((entry) => [entry.dataType.name, entry] as const))('Sessions over %s', (_, entry) => {
  const { toJSON, dataType } = entry
  const { change, history } = scuttlebutt(dataType)

  test('sync once, with equal replicas, under any chunking and at any pace', () => {
    fc.assert(
      fc.property(wholePasts(entry), pace, ({ replicas: [first, second] }, pieces) => {
        const [a, b] = [new End(dataType, first!), new End(dataType, second!)]
        talk(a, b, pieces)
        for (const end of [a, b]) {
          expectSame([...end.announced].sort(), ['header', 'sync', 'syncReceived', 'syncSent'])
          expect(end.announced.at(-1)).toBe('sync')
        }
        expect(JSON.stringify(toJSON(a.replica.state))).toBe(JSON.stringify(toJSON(b.replica.state)))
        expectSame(history()(a.replica), history()(b.replica))
        // each knows that the other has all
        expect(Clock.Eq.equals(a.replica.clock, b.replica.clock)).toBe(true)
        expect(Clock.doubts(a.replica.clock)).toBe(0)
      }),
      { numRuns: inMemory(300, table.length) },
    )
  })

  test('send exactly what the header lacks, in order, and nothing back to its sender', () => {
    fc.assert(
      fc.property(wholePasts(entry), pace, entry.change, ({ replicas: [first, second] }, pieces, live) => {
        const [a, b] = [new End(dataType, first!), new End(dataType, second!)]
        const lacking = history(Clock.toRecord(second!.clock))(first!)
        b.write(1)
        a.read(b.outbox)
        b.outbox = Buffer.alloc(0)
        a.write(Infinity)
        expectSame(a.sent, lacking)
        talk(a, b)
        const before = b.sent.length
        let told = 0
        for (let i = 0; i < 3; i++) {
          const changed = change(live, 5)(a.replica)
          if (changed._tag === 'Left') continue // a command may refuse
          a.replica = changed.right[1]
          // nobody hears of an update that is superseded at once
          if (history()(a.replica).includes(changed.right[0])) told++
          talk(a, b, pieces)
        }
        expect(b.sent.length).toBe(before)
        expect(a.sent.length).toBe(lacking.length + told)
        expect(JSON.stringify(toJSON(a.replica.state))).toBe(JSON.stringify(toJSON(b.replica.state)))
      }),
      { numRuns: inMemory(300, table.length) },
    )
  })

  test('converge while both sides write at any moment', () => {
    fc.assert(
      fc.property(
        wholePasts(entry),
        pace,
        fc.array(fc.tuple(fc.boolean(), entry.change), { maxLength: 8 }),
        ({ replicas: [first, second] }, pieces, writes) => {
          const [a, b] = [new End(dataType, first!), new End(dataType, second!)]
          for (const [atA, made] of writes) {
            const end = atA ? a : b
            const changed = change(made, 5)(end.replica)
            if (changed._tag === 'Left') continue
            end.replica = changed.right[1]
            for (const [from, to] of [
              [a, b],
              [b, a],
            ] as const) {
              from.write(pieces[0]!)
              to.read(from.outbox.subarray(0, pieces[0]))
              from.outbox = from.outbox.subarray(pieces[0])
            }
          }
          talk(a, b, pieces)
          expect(JSON.stringify(toJSON(a.replica.state))).toBe(JSON.stringify(toJSON(b.replica.state)))
        },
      ),
      { numRuns: inMemory(300, table.length) },
    )
  })
})

const model = Model.of(t.unknown)
const sb = scuttlebutt(model)

const filled = (id: string, n: number): Replica<Model.State<unknown>, Model.Change<unknown>> =>
  sb.applyUpdates(Array.from({ length: n }, (_, i) => [[`${id}${String(i)}`, i], i + 1, id] as const))(sb.create(id))

const decoded = (...lines: ReadonlyArray<string>) => lines.map((line) => WireMessage.decode(model)({})(line))

const tags = (announce: ReadonlyArray<Session.Announcement>): ReadonlyArray<string> =>
  announce.map((one) => (one._tag === 'rejection' ? one.rejection._tag : one._tag))

describe('A session', () => {
  test('N7: keeps no queue for a slow reader, and skips updates superseded meanwhile', () => {
    const a = new End(model, filled('a', 1000))
    const b = new End(model, sb.create('b'))
    a.write(1)
    b.write(1)
    a.read(b.outbox)
    a.write(10)
    for (let i = 0; i < 5000; i++) {
      const changed = sb.change(Model.set('hot', i), 1)(a.replica)
      if (changed._tag === 'Left') throw new Error('refused')
      a.replica = changed.right[1]
    }
    while (a.write(64));
    // the history, and then the last of 5,000 versions of one key
    expect(a.sent.length).toBe(1001)
    expect(a.sent.at(-1)?.[0]).toEqual(['hot', 4999])
  })

  test('N12: takes one header, and refuses a second without sending anything', () => {
    const replica = filled('a', 3)
    const header = '{"id":"b","clock":{}}'
    const first = Session.step(model)(decoded(header))(Session.open(), replica)
    expect(first.send.map(({ _tag }) => _tag)).toEqual(['Header', 'Update', 'Update', 'Update', 'Sure', 'Sync'])
    const second = Session.step(model)(decoded(header, header))(first.session, replica)
    expect(second.send).toEqual([])
    expect(tags(second.announce)).toEqual(['SecondHeader', 'SecondHeader'])
  })

  test('N13: takes updates before the header, SYNC first, and no SYNC', () => {
    const { session, replica, announce } = Session.step(model)(decoded('[["x",1],1000,"b"]', '"SYNC"'))(
      Session.open(),
      sb.create('a'),
    )
    expect(Model.toJSON(replica.state)).toEqual({ x: 1 })
    expect(tags(announce)).toEqual(['syncReceived'])
    const next = Session.step(model)(decoded('{"id":"b","clock":{"b":1000}}'))(session, replica)
    expect(tags(next.announce)).toEqual(['header', 'syncSent', 'sync'])
    expect(next.send).toEqual([{ _tag: 'Sync' }])
  })

  test('sends no update before it has the header of its peer', () => {
    const { send } = Session.send()(Session.open(), filled('a', 3))
    expect(send.map(({ _tag }) => _tag)).toEqual(['Header'])
  })

  test('N2: does not report doubled lines', () => {
    const line = '[["x",1],1000,"b"]'
    const { replica, announce } = Session.step(model)(decoded(line, line, line))(Session.open(), sb.create('a'))
    expect(announce).toEqual([])
    const again = Session.step(model)(decoded(line))(Session.open(), replica)
    expect(again.replica).toBe(replica)
    expect(again.announce).toEqual([])
  })

  test('N3: reports an update that came after a later one of its source', () => {
    const lines = ['[["x",1],1000,"b"]', '[["y",1],1002,"b"]', '[["z",1],1001,"b"]']
    const { replica, announce } = Session.step(model)(decoded(...lines))(Session.open(), sb.create('a'))
    expect(announce).toMatchObject([
      { _tag: 'rejection', rejection: { _tag: 'OutOfOrder', at: '[1]', after: 1002, update: [['z', 1], 1001, 'b'] } },
    ])
    expect(Model.toJSON(replica.state)).toEqual({ x: 1, y: 1 })
  })

  test.each([
    ['in one batch', ['[["x",1],1000,"b"]', '[["x",2],1000,"b"]']],
    ['from another peer', ['[["x",2],1000,"b"]']],
  ])('B6: reports two contents under one timestamp, %s', (_, lines) => {
    const before = lines.length === 1 ? sb.applyUpdate([['x', 1], 1000, 'b'])(sb.create('a')) : sb.create('a')
    const { replica, announce } = Session.step(model)(decoded(...lines))(Session.open(), before)
    expect(announce).toMatchObject([
      { rejection: { _tag: 'Equivocation', update: [['x', 2], 1000, 'b'], held: [['x', 1], 1000, 'b'] } },
    ])
    expect(Model.toJSON(replica.state)).toEqual({ x: 2 })
  })

  test('announces refused updates, applies the others, and moves the clock for those alone', () => {
    const lines = ['garbage', '[["x",1],1000,"b"]', '[["y"],1001,"c"]', '[["z",3],0,"d"]', '{"id":"b"}', '[]']
    const { replica, announce } = Session.step(model)(decoded(...lines))(Session.open(), sb.create('a'))
    expect(tags(announce)).toEqual([
      'InvalidJson',
      'InvalidChange',
      'InvalidTimestamp',
      'InvalidHeader',
      'InvalidUpdate',
    ])
    expect(Clock.toRecord(replica.clock)).toEqual({ b: 1000 })
  })

  test('B7: believes a header that claims everything only on its own stream', () => {
    const replica = filled('a', 3)
    const liar = Session.step(model)(decoded('{"id":"l","clock":{"a":1e15,"x":1e300}}'))(Session.open(), replica)
    expect(liar.send.map(({ _tag }) => _tag)).toEqual(['Header', 'Sync'])
    expect(liar.replica).toBe(replica)
    const honest = Session.step(model)(decoded('{"id":"h","clock":{}}'))(Session.open(), liar.replica)
    expect(honest.send.length).toBe(5)
  })

  test('takes no updates if it is not writable', () => {
    const step = Session.step(model)(decoded('[["x",1],1000,"b"]'))(Session.open({ writable: false }), sb.create('a'))
    expect(step.replica).toEqual(sb.create('a'))
  })

  test('ends without tail once both sides have synced, and sends nothing more', () => {
    const { session, replica } = Session.step(model)(decoded('{"id":"b","clock":{}}'))(
      Session.open({ tail: false }),
      filled('a', 2),
    )
    expect(Session.isDone(session)).toBe(false)
    const late = sb.applyUpdate([['late', 1], 2000, 'a'])(replica)
    expect(Session.send()(session, late).send).toEqual([])
    expect(Session.isDone(Session.step(model)(decoded('"SYNC"'))(session, late).session)).toBe(true)
  })

  test('sends what a peer lacks even if the peer has ended', () => {
    const opened = Session.step(model)(decoded('{"id":"b","clock":{}}'))(Session.open(), sb.create('a')).session
    expect(Session.isDone(Session.peerEnds(opened))).toBe(true)
    expect(Session.isDone(Session.peerEnds(Session.open()))).toBe(true)
    const silent = Session.peerEnds(
      Session.receive(model)(decoded('{"id":"b","clock":{}}'))(Session.open(), filled('a', 1)).session,
    )
    expect(Session.isDone(silent)).toBe(false)
    expect(Session.send()(silent, filled('a', 1)).send.length).toBe(3)
  })
})

describe('A checked session', () => {
  /** The history of a as lines, with their count. */
  const lines = (n: number): ReadonlyArray<string> => {
    const header = decoded('{"id":"b","clock":{}}')
    const { send } = Session.step(model)(header)(Session.open({ checked: true }), filled('a', n))
    return send.map((message) => WireMessage.encode(model)(message).trim())
  }

  const hear = (heard: ReadonlyArray<string>, replica = sb.create('b')) =>
    Session.step(model)(decoded(...heard))(Session.open({ checked: true }), replica)

  test('sends the count of its updates, and believes updates that are counted', () => {
    const sent = lines(3)
    expect(sent.slice(-2)).toEqual(['3', '"SYNC"'])
    const { replica, announce } = hear(sent)
    expect(Model.size(replica.state)).toBe(3)
    expect(tags(announce)).toContain('sync')
  })

  test('N3: applies nothing of a batch that lost a line, and the next sync repairs it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(), (n, at) => {
        const sent = lines(n)
        const dropped = 1 + (at % n)
        const { replica, announce, session } = hear(sent.filter((_, i) => i !== dropped))
        expectSame(replica, sb.create('b'))
        expect(announce.at(-1)).toMatchObject({ rejection: { _tag: 'Gap', sent: n, received: n - 1 } })
        expect(Session.isDone(session)).toBe(true)
        expectSame(Session.send()(session, replica).send, [])
        expectSame(Model.toJSON(hear(sent, replica).replica.state), Model.toJSON(filled('a', n).state))
      }),
    )
  })

  test('N3: puts swapped lines into order', () => {
    const [header, first, second, ...rest] = lines(4)
    const { replica } = hear([header!, second!, first!, ...rest])
    expect(Model.toJSON(replica.state)).toEqual(Model.toJSON(filled('a', 4).state))
  })

  test('counts refused updates', () => {
    const { announce, replica } = hear(['[["x"],1000,"a"]', '[["y",1],1001,"a"]', '2', '"SYNC"'])
    expect(tags(announce)).toEqual(['InvalidChange', 'syncReceived'])
    expect(Model.toJSON(replica.state)).toEqual({ y: 1 })
  })

  test('does not wait for the count of a peer that sends none', () => {
    expect(tags(hear(['[["x",1],1000,"a"]', '"SYNC"']).announce)).toEqual(['Gap'])
    const many = Array.from({ length: 1100 }, (_, i) => `[["x",1],${String(i + 1)},"a"]`)
    expect(tags(hear(many).announce)).toEqual(['Gap'])
  })
})
