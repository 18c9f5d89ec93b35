/**
 * Exchanges recorded between two replicas of npm scuttlebutt 5.6.15. A session of ours takes the
 * place of one side. It must write what the original wrote, except where a scenario says why not,
 * and beside it strings, which the original ignores.
 */
import { readFileSync } from 'node:fs'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import {
  Doc,
  Events,
  ExpiryModel,
  Model,
  RArray,
  REdit,
  Scuttlebucket,
  scuttlebutt,
  Session,
  WireMessage,
  type DataType,
  type Update,
} from '../../src/index.js'

type Side = 'A' | 'B'

interface Recording {
  readonly wire: ReadonlyArray<readonly [direction: 'A>B' | 'B>A', line: string]>
  readonly events: ReadonlyArray<readonly [side: Side, name: string, value: unknown]>
  readonly result: unknown
}

/** What both sides had in the end. */
interface Result {
  readonly a: unknown
  readonly b: unknown
}

interface Scenario {
  readonly name: string
  readonly side: Side
  readonly options?: Session.Options
  readonly dataType?: DataType<unknown, unknown>
  /** What our side knew before the recording began. */
  readonly before?: ReadonlyArray<Update<unknown>>
  /** Where we differ on purpose: the lines that we write, and the events that we announce. */
  readonly writes?: ReadonlyArray<string>
  readonly announces?: ReadonlyArray<string>
}

const recordings = JSON.parse(readFileSync(new URL('../recordings.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, Recording>
>

const model = Model.of(t.unknown) as DataType<unknown, unknown>
const events = Events.of(t.unknown) as DataType<unknown, unknown>

const rarray = RArray.of(t.unknown) as DataType<unknown, unknown>
const bucket = Scuttlebucket.of({ m: Model.of(t.unknown), e: Events.of(t.unknown) }) as DataType<unknown, unknown>

interface Buckets {
  readonly states: { readonly m: Model.State<unknown> }
}

const A_HAS_X = [[['x', 1], 1000, 'a']] as const
const B_HAS_Y = [[['y', 2], 1001, 'b']] as const

const scenarios: ReadonlyArray<Scenario> = [
  { name: 'model-default', side: 'A' },
  { name: 'model-default', side: 'B' },
  { name: 'model-empty', side: 'A' },
  { name: 'model-empty', side: 'B' },
  { name: 'model-partial-known', side: 'A', before: B_HAS_Y },
  {
    name: 'model-partial-known',
    side: 'B',
    before: [[['x', 1], 1000, 'a'], ...B_HAS_Y],
  },
  { name: 'tail-false-both', side: 'A', options: { tail: false } },
  { name: 'tail-false-both', side: 'B', options: { tail: false } },
  { name: 'tail-false-A-only', side: 'A', options: { tail: false } },
  { name: 'tail-false-A-only', side: 'B' },
  {
    name: 'A-readonly (writable:false) vs B-writeonly (readable:false)',
    side: 'A',
    options: { writable: false },
    announces: ['syncSent', 'sync', 'syncReceived'],
  },
  {
    name: 'A-readonly (writable:false) vs B-writeonly (readable:false)',
    side: 'B',
    options: { readable: false },
    before: B_HAS_Y,
    // the original answers with all its data
    writes: [],
    announces: ['header', 'syncReceived', 'sync'],
  },
  {
    name: 'A-readonly vs B-default',
    side: 'A',
    options: { writable: false },
    // the original sends its whole history once more
    writes: ['{"id":"a","clock":{"a":1000}}', '[["x",1],1000,"a"]', '"SYNC"'],
    announces: ['syncSent', 'sync', 'header', 'syncReceived'],
  },
  { name: 'A-readonly vs B-default', side: 'B' },
  { name: 'A-readonly clock:true vs B-default', side: 'A', options: { writable: false, clock: true } },
  { name: 'A-readonly clock:true vs B-default', side: 'B' },
  {
    name: 'A-readonly clock:true vs B-writeonly sendClock:true',
    side: 'A',
    options: { writable: false, clock: true },
    before: [
      [['q', 1], 1001, 'a'],
      [['y', 2], 1002, 'b'],
    ],
  },
  {
    name: 'A-readonly clock:true vs B-writeonly sendClock:true',
    side: 'B',
    options: { readable: false, sendClock: true },
    before: [
      [['x', 1], 1000, 'a'],
      [['q', 1], 1001, 'a'],
      [['y', 2], 1002, 'b'],
    ],
    writes: ['{"id":"b","clock":{"b":1002,"a":1001}}'],
    announces: ['header', 'syncReceived', 'sync'],
  },
  {
    name: 'A-writeonly vs B-default',
    side: 'A',
    options: { readable: false },
    before: A_HAS_X,
    writes: [],
    announces: ['header'],
  },
  { name: 'A-writeonly vs B-default', side: 'B', before: B_HAS_Y },
  {
    name: 'A-writeonly sendClock vs B-default',
    side: 'A',
    options: { readable: false, sendClock: true },
    before: A_HAS_X,
    writes: ['{"id":"a","clock":{"a":1000}}'],
    announces: ['header', 'syncReceived', 'sync'],
  },
  { name: 'A-writeonly sendClock vs B-default', side: 'B' },
  { name: 'both-writeonly', side: 'A', options: { readable: false } },
  { name: 'meta', side: 'A', options: { meta: { v: 1, s: 'x' } } },
  { name: 'meta', side: 'B' },
  { name: 'wrapper-raw', side: 'A' },
  { name: 'wrapper-raw', side: 'B' },
  { name: 'dispose-A', side: 'B' },
  { name: 'end-from-A', side: 'B' },
  { name: 'events', side: 'A', dataType: events },
  { name: 'events', side: 'B', dataType: events },
  { name: 'signed', side: 'A' },
  { name: 'signed', side: 'B' },
  ...(['A', 'B'] as const).flatMap((side): ReadonlyArray<Scenario> => [
    { name: 'rarray', side, dataType: rarray },
    { name: 'redit', side, dataType: REdit as DataType<unknown, unknown> },
    { name: 'doc', side, dataType: Doc.of(t.unknown) as DataType<unknown, unknown> },
    { name: 'expiry', side, dataType: ExpiryModel.of(t.unknown) as DataType<unknown, unknown> },
  ]),
  {
    name: 'rarray-update-before-header',
    side: 'A',
    dataType: rarray,
    // the original's header is older than its last write
    writes: ['{"id":"a","clock":{"a":1001}}', '[{"V000":"A"},1000,"a"]', '[{"k131":"early"},1001,"a"]', '"SYNC"'],
  },
  { name: 'rarray-update-before-header', side: 'B', dataType: rarray },
  // the original's clock does not cover what was written locally, which is then sent twice
  {
    name: 'bucket',
    side: 'A',
    dataType: bucket,
    writes: ['{"id":"a","clock":{"a":1000}}', '[["m",["k",1]],1000,"a"]', '"SYNC"', '[["m",["k",3]],1002,"a"]'],
  },
  {
    name: 'bucket',
    side: 'B',
    dataType: bucket,
    writes: ['{"id":"b","clock":{"b":1001}}', '[["e",["ev",2]],1001,"b"]', '"SYNC"'],
  },
]

/** Plays our side of a recording with a session. */
const replay = ({ name, side, options = {}, dataType = model, before = [] }: Scenario) => {
  const { wire } = recordings[name]!
  const ours = side === 'A' ? 'A>B' : 'B>A'
  const { create, applyUpdate, applyUpdates } = scuttlebutt(dataType)
  const said = wire.filter(([direction]) => direction === ours).map(([, line]) => line.trim())
  const id = (JSON.parse(said.find((line) => line.startsWith('{')) ?? '{"id":"x"}') as { readonly id: string }).id
  const own = said.filter((line) => line.startsWith('[')).map((line) => JSON.parse(line) as Update<unknown>)
  const history = own.slice(0, said.slice(0, said.indexOf('"SYNC"')).filter((line) => line.startsWith('[')).length)
  const live = own.slice(history.length).filter(([, , source]) => source === id)
  let session = Session.open<unknown>(options)
  let replica = applyUpdates([...before, ...(said.includes('"SYNC"') ? history : [])])(create(id))
  const written: string[] = []
  const announced: string[] = []
  const drive = (messages: ReadonlyArray<string>): void => {
    const decode = WireMessage.decode(dataType)({})
    const step = Session.step(dataType)(messages.map((line) => decode(line)))(session, replica)
    ;({ session, replica } = step)
    written.push(...step.send.map((message) => WireMessage.encode(dataType)(message).trim()))
    announced.push(...step.announce.map(({ _tag }) => _tag))
  }
  drive([])
  for (const [direction, line] of wire) {
    if (direction !== ours && line === '<end>') session = Session.peerEnds(session)
    else if (direction !== ours) drive([line.trim()])
    const update = live.find((one) => direction === ours && JSON.stringify(one) === line.trim())
    if (update !== undefined) replica = applyUpdate(update)(replica)
    drive([])
  }
  const heard = new Set(wire.filter(([direction]) => direction !== ours).map(([, line]) => line.trim()))
  const isOf = (line: string) => (line.startsWith('[') ? (JSON.parse(line) as Update<unknown>)[2] : id)
  // the original also sends back what it was sent
  const expected = said.filter((line) => line !== '<end>' && !(heard.has(line) && isOf(line) !== id))
  return { session, replica, written, announced, expected, ended: said.includes('<end>') }
}

/**
 * The first line says what the stream carries. The others count the lines before them, all of them.
 */
const expectCounts = (written: ReadonlyArray<string>): void => {
  const [opening, ...rest] = written.filter((line) => !line.startsWith('{') && line !== '"SYNC"')
  if (opening !== undefined) expect([opening, written[0]]).toEqual([expect.stringMatching(/^"SURE \{/), opening])
  let lines = 0
  for (const line of rest) {
    if (line.startsWith('[')) lines++
    else {
      const [count] = JSON.parse((JSON.parse(line) as string).slice('SURE '.length)) as readonly [number]
      expect(count).toBe(lines)
      lines = 0
    }
  }
  expect(lines).toBe(0)
  // nobody syncs before it has said how sure it is
  const sync = written.indexOf('"SYNC"')
  if (sync >= 0) expect(written[sync - 1]).toMatch(/^"SURE \[/)
}

describe('A session in the place of the original', () => {
  test.each(scenarios.map((scenario) => [`${scenario.name}, as ${scenario.side}`, scenario] as const))(
    '%s',
    (_, scenario) => {
      const { session, written, announced, expected, ended } = replay(scenario)
      const ordered = (lines: ReadonlyArray<string>) => lines.map((line) => JSON.parse(line) as unknown)
      const isOurs = (line: string): boolean => line.startsWith('"SURE ')
      expect(ordered(written.filter((line) => !isOurs(line)))).toEqual(ordered(scenario.writes ?? expected))
      expectCounts(written)
      const recorded = recordings[scenario.name]!.events.filter(
        ([side, name]) => side === scenario.side && !['synced', 'end', 'close'].includes(name),
      ).map(([, name]) => (name === 'syncRecieved' ? 'syncReceived' : name))
      expect(announced).toEqual(scenario.announces ?? [...new Set(recorded)])
      if (scenario.writes === undefined) expect(Session.isDone(session)).toBe(ended)
    },
  )

  test.each([
    ['rarray', RArray.toJSON],
    ['rarray-update-before-header', RArray.toJSON],
    ['redit', REdit.toJSON],
    ['doc', Doc.toJSON],
    ['expiry', ExpiryModel.toJSON(0)],
    ['bucket', (state: Buckets) => Model.toJSON(Scuttlebucket.get('m')(state))],
  ] as ReadonlyArray<readonly [string, (state: unknown) => unknown]>)(
    'ends in the state of the original: %s',
    (name, read) => {
      const ends = scenarios.filter((one) => one.name === name).map((one) => read(replay(one).replica.state))
      const { a, b } = recordings[name]!.result as Result
      expect(ends).toEqual([a, b])
    },
  )

  test('passes a signature on unchanged', () => {
    const { replica } = replay({ name: 'signed', side: 'B' })
    const [, signed] = recordings['signed']!.wire.find(([, line]) => line.startsWith('['))!
    expect(scuttlebutt(model).history()(replica)).toEqual([JSON.parse(signed)])
  })
})
