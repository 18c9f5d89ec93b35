import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import {
  Clock,
  ExpiryModel,
  Lines,
  Model,
  scuttlebutt,
  Session,
  unwrap,
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
    for (const { batch, vouching } of brought) this.replica = take(this.dataType, batch, vouching, this.replica).replica
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
        // and each is sure of it
        expect([Clock.doubts(a.replica.clock), Clock.doubts(b.replica.clock)]).toEqual([0, 0])
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
    expect(first.send.map(({ _tag }) => _tag)).toEqual([
      'Opening',
      'Header',
      'Update',
      'Update',
      'Update',
      'Sure',
      'Sync',
    ])
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
    expect(next.send).toEqual([{ _tag: 'Sure', count: 0, clock: {} }, { _tag: 'Sync' }])
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

  test('N3: takes an update that came after a later one of its source', () => {
    const lines = ['[["x",1],1000,"b"]', '[["y",1],1002,"b"]', '[["z",1],1001,"b"]']
    const { replica, announce } = Session.step(model)(decoded(...lines))(Session.open(), sb.create('a'))
    expect(announce).toEqual([])
    expect(Model.toJSON(replica.state)).toEqual({ x: 1, y: 1, z: 1 })
    // nobody has said yet that this is all
    expect(sb.digest(replica).clock).toEqual({})
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
    expect(tags(announce)).toEqual(['InvalidJson', 'InvalidTimestamp', 'InvalidHeader', 'InvalidUpdate'])
    // the change of c is unknown here: it is kept
    expect(Clock.toRecord(replica.clock)).toEqual({ b: 1000, c: 1001 })
    expect(sb.unread(replica)).toEqual([[['y'], 1001, 'c']])
    expect(Model.toJSON(replica.state)).toEqual({ x: 1 })
  })

  test('B7: believes a header that claims everything only on its own stream', () => {
    const replica = filled('a', 3)
    const liar = Session.step(model)(decoded('{"id":"l","clock":{"a":1e15,"x":1e300}}'))(Session.open(), replica)
    expect(liar.send.map(({ _tag }) => _tag)).toEqual(['Opening', 'Header', 'Sure', 'Sync'])
    expect(liar.replica).toBe(replica)
    const honest = Session.step(model)(decoded('{"id":"h","clock":{}}'))(Session.open(), liar.replica)
    expect(honest.send.filter(({ _tag }) => _tag === 'Update').length).toBe(3)
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
    const { send } = Session.send()(silent, filled('a', 1))
    expect(send.map(({ _tag }) => _tag)).toEqual(['Header', 'Update', 'Sure', 'Sync'])
  })
})

/** The line of a message. */
const lineOf = (message: WireMessage.WireMessage<Model.Change<unknown>>): string =>
  WireMessage.encode(model)(message).trim()

/** The whole history of a to a peer that has nothing, as lines. */
const told = (n: number): ReadonlyArray<string> =>
  Session.step(model)(decoded('{"id":"b","clock":{}}'))(Session.open(), filled('a', n)).send.map(lineOf)

const hear = (heard: ReadonlyArray<string>, replica = sb.create('b'), policy = {}) => {
  const messages = heard.map((line) => WireMessage.decode(model)(policy)(line))
  return Session.step(model)(messages)(Session.open(), replica)
}

const sure = (clock: Clock.ClockRecord, count: number) => lineOf({ _tag: 'Sure', count, clock })

describe('The SURE lines', () => {
  test('say what the stream carries, and after all is told how many lines there were and how sure we are', () => {
    const [opening, header, ...rest] = told(3)
    expect(opening).toBe(String.raw`"SURE {\"name\":\"Model\"}"`)
    expect(JSON.parse(header!)).toEqual({ id: 'a', clock: { a: 3 } })
    // a's newest line is what a is sure of
    expect(rest.slice(3)).toEqual(['"SURE [3,{}]"', '"SYNC"'])
    const { replica, announce } = hear(told(3))
    expect(sb.digest(replica)).toEqual({ id: 'b', clock: { a: 3 } })
    expect(tags(announce)).toContain('sync')
  })

  test('W4: end the session if a line is lost or doubled; nothing is claimed, and the next session repairs it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(), fc.boolean(), (n, at, isLost) => {
        const sent = told(n)
        const place = 2 + (at % n)
        const damaged = sent.flatMap((line, i) => (i === place ? (isLost ? [] : [line, line]) : [line]))
        const { replica, announce, session } = hear(damaged)
        expect(announce.at(-1)).toMatchObject({ rejection: { _tag: 'Gap', sent: n, received: isLost ? n - 1 : n + 1 } })
        expect(sb.digest(replica).clock).toEqual({})
        expect(Session.isDone(session)).toBe(true)
        expectSame(Session.send()(session, replica).send, [])
        const [a, b] = [new End(model, filled('a', n)), new End(model, replica)]
        talk(a, b)
        expectSame(Model.toJSON(b.replica.state), Model.toJSON(filled('a', n).state))
        expectSame(sb.digest(b.replica), { id: 'b', clock: { a: n } })
      }),
    )
  })

  test('count a lost count by the next one', () => {
    const { session, replica } = hear(told(2).filter((line) => !line.startsWith('"SURE [')))
    expect(sb.digest(replica).clock).toEqual({})
    const next = Session.step(model)(decoded('[["late",1],9,"a"]', sure({}, 1)))(session, replica)
    expect(tags(next.announce)).toEqual(['Gap'])
    expect(sb.digest(next.replica).clock).toEqual({})
  })

  test('W4: notice that a message is lost which held updates and the count of them', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 6 }), fc.nat(), (sizes, at) => {
        const [a, b] = [new End(model, sb.create('a')), new End(model, sb.create('b'))]
        talk(a, b)
        const lost = at % (sizes.length - 1)
        for (const [i, size] of sizes.entries()) {
          for (let n = 0; n < size; n++) {
            a.replica = unwrap(sb.change(Model.set(`key${String(n)}`, i), 10 * (i + 1) + n)(a.replica))[1]
          }
          a.write(9)
          if (i !== lost) b.read(a.outbox)
          a.outbox = Buffer.alloc(0)
        }
        expect(b.announced.includes('Gap')).toBe(true)
        // nothing beyond what came before the loss
        const before = sizes
          .slice(0, lost)
          .flatMap((size, i) => Array.from({ length: size }, (_, n) => 10 * (i + 1) + n))
        expect(sb.digest(b.replica).clock['a'] ?? 0).toBe(before.at(-1) ?? 0)
      }),
    )
  })

  test('W4: are noticed if the first one, which has no number, came twice in place of a lost one', () => {
    const [opening, header, ...rest] = told(0)
    const first = [opening!, header!, ...rest, ...rest.filter((line) => line.startsWith('"SURE ['))]
    // the update and the count number 2 were lost
    const { announce, replica } = hear([...first, '[["y",2],2,"a"]', '"SURE [1,{},0,3]"'])
    expect(tags(announce)).toContain('Gap')
    expect(sb.digest(replica).clock).toEqual({})
  })

  test('may all be without a number, from a peer that gives none', () => {
    const { announce, replica } = hear([...told(1), '[["y",2],2,"a"]', sure({}, 1), '[["y",3],3,"a"]', sure({}, 1)])
    expect(tags(announce)).not.toContain('Gap')
    expect(sb.digest(replica)).toEqual({ id: 'b', clock: { a: 3 } })
  })

  test('N3: mind no order', () => {
    const [opening, header, first, second, ...rest] = told(4)
    const { replica, announce } = hear([opening!, header!, second!, first!, ...rest])
    expect(tags(announce)).not.toContain('Gap')
    expect(sb.digest(replica)).toEqual({ id: 'b', clock: { a: 4 } })
    expect(Model.toJSON(replica.state)).toEqual(Model.toJSON(filled('a', 4).state))
  })

  test('claim, source by source, what the sender is sure of', () => {
    const doubting = take(model, { updates: [[['y', 1], 5, 'c']] }, 'nobody', filled('a', 2)).replica
    const { send } = Session.step(model)(decoded('{"id":"b","clock":{}}'))(Session.open(), doubting)
    expect(send.map(lineOf).at(-2)).toBe(String.raw`"SURE [3,{\"c\":0}]"`)
    const { replica } = hear(send.map(lineOf))
    expect(sb.digest(replica)).toMatchObject({ clock: { a: 2 }, doubt: { c: [[5, expect.any(String)]] } })
  })

  test('are not sent while nothing is new, and say then only what is', () => {
    const a = new End(model, filled('a', 2))
    const b = new End(model, sb.create('b'))
    talk(a, b)
    expect([a.write(9), b.write(9)]).toEqual([false, false])
    a.replica = sb.applyUpdate([['new', 1], 9, 'a'])(a.replica)
    const { send } = Session.send<Model.Change<unknown>>()(a.session, a.replica)
    expect(send.map(lineOf)).toEqual(['[["new",1],9,"a"]', '"SURE [1,{},0,2]"'])
  })

  test('tell the floor when it has risen, beyond which what is let go is not claimed', () => {
    const expiring = ExpiryModel.of(t.number, { maxAge: 10 })
    const ex = scuttlebutt(expiring)
    const [a, b] = [
      new End(
        expiring,
        ex.applyUpdates([
          [['old', 1], 100, 'a'],
          [['new', 1], 200, 'a'],
        ])(ex.create('a')),
      ),
      new End(expiring, ex.create('b')),
    ]
    talk(a, b)
    a.replica = ex.applyUpdate([['newer', 1], 205, 'a'])(ex.prune(205)(a.replica))
    const { send } = Session.send()(a.session, a.replica)
    expect(send.at(-1)).toEqual({ _tag: 'Sure', count: 1, clock: {}, floor: 195, number: 2 })
    // c has not heard of what a let go, so a cannot make c sure
    const c = new End(expiring, ex.create('c'))
    talk(new End(expiring, a.replica), c)
    expect(ex.digest(c.replica).clock).toEqual({})
  })

  test('W4: are numbered, so that the loss of one that told a floor is noticed', () => {
    const expiring = ExpiryModel.of(t.number, { maxAge: 10 })
    const ex = scuttlebutt(expiring)
    const [a, b] = [
      new End(expiring, ex.applyUpdate([['old', 1], 100, 'a'])(ex.create('a'))),
      new End(expiring, ex.create('b')),
    ]
    for (const end of [a, b]) end.write(9)
    a.read(b.outbox)
    b.read(a.outbox)
    a.replica = ex.prune(200)(a.replica)
    const risen = Session.send<ExpiryModel.Change<number>>()(a.session, a.replica)
    expect(risen.send).toEqual([{ _tag: 'Sure', count: 0, clock: {}, floor: 100 }, { _tag: 'Sync' }])
    // that is lost
    a.session = risen.session
    a.outbox = Buffer.alloc(0)
    a.replica = ex.applyUpdate([['new', 1], 205, 'a'])(a.replica)
    a.write(9)
    b.read(a.outbox)
    expect(b.announced).toContain('Gap')
    expect(ex.digest(b.replica)).toMatchObject({ clock: {}, doubt: { a: [[205, expect.any(String)]] } })
  })

  test('tell an update that filled a hole on to others', () => {
    const [b, c] = [new End(model, sb.create('b')), new End(model, sb.create('c'))]
    talk(b, c)
    for (const update of [
      [['y', 2], 2, 'a'],
      [['x', 1], 1, 'a'],
    ] as const) {
      b.replica = take(model, { updates: [update] }, 'nobody', b.replica).replica
      talk(b, c)
    }
    expect(Model.toJSON(c.replica.state)).toEqual({ x: 1, y: 2 })
    b.replica = sb.settle()(b.replica)
    talk(b, c)
    expect(sb.digest(c.replica)).toEqual({ id: 'c', clock: { a: 2 } })
  })
})

describe('A refused line', () => {
  const policy = { now: 1000, maxDrift: 10 }
  const sent = ['{"id":"a","clock":{"a":9000}}', '[["x",1],500,"a"]', '[["y",1],9000,"a"]']

  test('is counted, ends every claim on its stream, and is told to the peer', () => {
    const [opening] = told(0)
    const { announce, replica, session, send } = hear(
      [opening!, ...sent, sure({}, 2), '"SYNC"'],
      sb.create('b'),
      policy,
    )
    expect(tags(announce)).toContain('TooFarAhead')
    expect(tags(announce)).not.toContain('Gap')
    expect(Model.toJSON(replica.state)).toEqual({ x: 1 })
    // the update comes from the future: the clock does not pass it
    expect([sb.digest(replica).clock, replica.clock.latest]).toEqual([{}, 500])
    expect(send).toContainEqual({ _tag: 'Refused', refusals: [[9000, 'a', 'TooFarAhead']], places: [] })
    expect(Session.status(session, replica)).toMatchObject({ refused: true })
    const next = Session.step(model)(decoded('[["z",1],600,"a"]', sure({}, 1)))(session, replica)
    expect(Model.toJSON(next.replica.state)).toEqual({ x: 1, z: 1 })
    expect(sb.digest(next.replica).clock).toEqual({})
  })

  test('does not stand before what is newer, if it may come again', () => {
    const deep = `[["x",${'['.repeat(200)}1${']'.repeat(200)}],700,"a"]`
    const { announce, replica, send } = hear([...told(0).slice(0, 2), deep, '[["y",1],600,"a"]', sure({}, 2)])
    expect(tags(announce)).toEqual(
      ['TooDeep', 'header', 'syncSent'].sort((a, b) => (a === 'header' ? -1 : b === 'header' ? 1 : 0)),
    )
    expect(Model.toJSON(replica.state)).toEqual({ y: 1 })
    expect([sb.digest(replica).clock, replica.clock.latest]).toEqual([{}, 700])
    expect(send).toContainEqual({ _tag: 'Refused', refusals: [[700, 'a', 'TooDeep']], places: [] })
  })

  test('that is too long is named by the stamp at its end, or else by its place', () => {
    const long = (tail: string) =>
      ({ _tag: 'Left', left: { _tag: 'LineTooLong', at: '', line: '[["x"', tail, limit: 9 } }) as const
    const messages = [
      ...decoded(...told(0).slice(0, 2), '[["y",1],600,"a"]'),
      long('xx"],700,"a"]'),
      long('xxx'),
      ...decoded(sure({}, 3)),
    ]
    const { replica, send, announce } = Session.step(model)(messages)(Session.open(), sb.create('b'))
    expect(tags(announce)).not.toContain('Gap')
    expect(send).toContainEqual({ _tag: 'Refused', refusals: [[700, 'a', 'LineTooLong']], places: [3] })
    expect([sb.digest(replica).clock, replica.clock.latest]).toEqual([{}, 700])
  })

  test('is announced at its writer, at most 100 a line and 1,000 in all', () => {
    const many = Array.from({ length: 1200 }, (_, i) => `[["x",1],${String(5000 + i)},"a"]`)
    const { send } = hear([...told(0).slice(0, 2), ...many], sb.create('b'), policy)
    const refused = send.flatMap((message) => (message._tag === 'Refused' ? [message] : []))
    expect(refused.map(({ refusals }) => refusals.length)).toEqual(Array<number>(10).fill(100))
    const { announce } = Session.step(model)(decoded(...refused.map(lineOf)))(Session.open(), sb.create('a'))
    expect(announce.map((one) => one._tag === 'refused' && one.refusals.length)).toEqual(Array<number>(10).fill(100))
  })

  test('of no room is counted like any other', () => {
    const big = `[["x","${'x'.repeat(1 << 20)}"],500,"a"]`
    const numbers = Model.of(t.number)
    const messages = [...told(0).slice(0, 2), big, sure({}, 1)].map((line) => WireMessage.decode(numbers)({})(line))
    const step = Session.step(numbers)(messages)(Session.open(), scuttlebutt(numbers).create('b'))
    expect(tags(step.announce)).toContain('Crowded')
    expect(step.send).toContainEqual({ _tag: 'Refused', refusals: [[500, 'a', 'Crowded']], places: [] })
    expect(scuttlebutt(numbers).digest(step.replica).clock).toEqual({})
  })
})

describe('A peer of the original', () => {
  const header = '{"id":"o","clock":{"o":2}}'
  const [one, two, live] = ['[["x",1],1,"o"]', '[["y",1],2,"o"]', '[["z",1],5,"o"]']

  test('has told all that its header claims once it says SYNC; then each update follows the one before', () => {
    const before = hear([header, one, two])
    expect(sb.digest(before.replica).clock).toEqual({})
    const synced = Session.step(model)(decoded('"SYNC"'))(before.session, before.replica)
    expect(sb.digest(synced.replica)).toEqual({ id: 'b', clock: { o: 2 } })
    const after = Session.step(model)(decoded(live))(synced.session, synced.replica)
    expect(sb.digest(after.replica)).toEqual({ id: 'b', clock: { o: 5 } })
  })

  test('W7: sends live updates ahead of its history: all of it is taken', () => {
    const { replica } = hear([live, header, one, two, '"SYNC"'])
    expect(Model.toJSON(replica.state)).toEqual({ x: 1, y: 1, z: 1 })
    // an original has told all of its own by SYNC
    expect(sb.digest(replica)).toEqual({ id: 'b', clock: { o: 5 } })
  })

  test('makes nobody sure by a SYNC after a refused line', () => {
    const { session, replica } = hear([header, one, '[["y",1],-2,"o"]', '"SYNC"'])
    expect(sb.digest(replica).clock).toEqual({})
    const after = Session.step(model)(decoded(live))(session, replica)
    expect(sb.digest(after.replica).clock).toEqual({})
  })
})

describe('A stream of another type', () => {
  test.each([
    ['Events', undefined, undefined],
    ['Model', '2', undefined],
    ['Model', undefined, '2'],
    ['Model', '1', '2'],
  ])('%s, version %s against %s, ends at once, and nothing is taken or said', (name, version, ours) => {
    const dataType = ours === undefined ? model : { ...model, version: ours }
    const opening = lineOf({ _tag: 'Opening', name, ...(version !== undefined && { version }) })
    const messages = decoded(opening, '{"id":"a","clock":{}}', '[["x",1],1,"a"]', sure({}, 1), '"SYNC"')
    const opened = Session.step(dataType)([])(Session.open(), filled('b', 2))
    const { session, replica, send, announce } = Session.step(dataType)(messages)(opened.session, opened.replica)
    expect(announce).toEqual([
      { _tag: 'rejection', rejection: { _tag: 'OtherType', at: '', name, ...(version !== undefined && { version }) } },
    ])
    expect(replica).toBe(opened.replica)
    expect(send).toEqual([])
    expect(Session.isDone(session)).toBe(true)
    expect(Session.status(session, replica).phase).toBe('failed')
  })

  test('of the same name and version goes on, and tells both', () => {
    const dataType = { ...model, version: '2' }
    const [a, b] = [new End(dataType, filled('a', 2)), new End(dataType, sb.create('b'))]
    a.session = Session.open({ kind: dataType })
    talk(a, b)
    expect(b.announced).toEqual(expect.arrayContaining(['sync']))
    expect(Model.size(b.replica.state)).toBe(2)
  })
})

describe('Updates that cannot be read here', () => {
  test('are kept, counted, and passed on as lines like others', () => {
    const numbers = Model.of(t.number)
    const old = scuttlebutt(numbers)
    const [a, b, c] = [
      new End(
        model,
        sb.applyUpdates([
          [['x', 1], 1, 'a'],
          [['y', 'text'], 2, 'a'],
        ])(sb.create('a')),
      ),
      new End(numbers, old.create('b')),
      new End(model, sb.create('c')),
    ]
    talk(a, b as never)
    expect(Model.toJSON(b.replica.state)).toEqual({ x: 1 })
    expect(old.unread(b.replica)).toEqual([[['y', 'text'], 2, 'a']])
    expect(old.digest(b.replica)).toEqual({ id: 'b', clock: { a: 2 } })
    b.session = Session.open()
    b.lines = Lines.empty
    talk(b as never, c)
    expect(Model.toJSON(c.replica.state)).toEqual({ x: 1, y: 'text' })
    expect(sb.digest(c.replica)).toEqual({ id: 'c', clock: { a: 2 } })
  })
})

describe('The status of a session', () => {
  test('says its phase, and how many updates the peer is still to be told', () => {
    const replica = filled('a', 3)
    const opened = Session.open<Model.Change<unknown>>()
    expect(Session.status(opened, replica)).toEqual({ phase: 'connecting', unsent: 0, refused: false })
    const { session } = Session.receive(model)(decoded('{"id":"b","clock":{"a":1}}'))(opened, replica)
    const some = Session.send<Model.Change<unknown>>(2)(session, replica)
    expect(Session.status(some.session, replica)).toEqual({ phase: 'syncing', unsent: 1, refused: false })
    const all = Session.step(model)(decoded('"SYNC"'))(some.session, replica)
    expect(Session.status(all.session, replica)).toEqual({ phase: 'synced', unsent: 0, refused: false })
    const more = sb.applyUpdate([['late', 1], 9, 'a'])(replica)
    expect(Session.status(all.session, more)).toEqual({ phase: 'synced', unsent: 1, refused: false })
  })
})
