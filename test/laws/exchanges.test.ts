/** Devices that exchange messages and sessions: what the kit's networks do, and what they find. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { Events, Model, scuttlebutt, type DataType, type Update } from '../../src/index.js'
import {
  check,
  checkDataType,
  laws,
  network,
  ofDataType,
  operations,
  schedules,
  simulate,
  updatesOf,
  type ExchangeStep,
  type Schedule,
} from '../../src/laws/index.js'
import { inNetworks } from '../runs.js'
import { found } from './outcome.js'

const change = fc.tuple(fc.constantFrom('x', 'y'), fc.nat(3))
const model = ofDataType(Model.of(t.number), { change })
type Change = readonly [string, number]

const write = (at: number, now: number, value: Change) =>
  ({ _tag: 'local', at, now, luck: 0, command: { value } }) as const

const played = (steps: ReadonlyArray<ExchangeStep | ReturnType<typeof write>>, old = 0) =>
  simulate(model, { ids: ['a', 'b'], luck: 0, exchanges: { old }, steps })

/** What each device shows after its last event. */
const shown = (run: ReturnType<typeof played>): ReadonlyArray<unknown> =>
  run.replicas.map(({ state }) => Model.toJSON(state))

describe('a network of devices', () => {
  test('passes messages by mail: a question, its answer, and no more', () => {
    const run = played([
      write(0, 1, ['x', 1]),
      { _tag: 'open', at: 1 },
      { _tag: 'hear', to: 0, mail: 0, budget: 0, keep: false },
      { _tag: 'hear', to: 1, mail: 0, budget: 0, keep: false },
    ])
    expect(run.events.slice(0, 2).map(({ _tag, at, from }) => [_tag, at, from])).toEqual([
      ['local', 0, undefined],
      ['receive', 1, 0],
    ])
    expect(shown(run)).toEqual([{ x: 1 }, { x: 1 }])
  })

  test('carries lines, and cuts a link after any of them', () => {
    const link = { link: 0 } as const
    const run = played([
      write(0, 1, ['x', 1]),
      write(0, 2, ['y', 1]),
      { _tag: 'connect', from: 0, to: 1 },
      { _tag: 'carry', ...link, side: 0, lines: 2 },
      { _tag: 'say', ...link, side: 0, most: 9 },
      // the opening line, the header and one update
      { _tag: 'carry', ...link, side: 1, lines: 3 },
      { _tag: 'cut', ...link },
    ])
    const cut = run.events.find(({ at }) => at === 1)!
    expect(Model.toJSON(cut.after.state)).toEqual({ x: 1 })
    expect(run.exchanged!.features).toEqual(new Set(['linkCut', 'doubt', 'budget']))
    expect(shown(run)).toEqual([
      { x: 1, y: 1 },
      { x: 1, y: 1 },
    ])
  })

  test('plays the same each time', () => {
    const all = schedules(model, { exchanges: 'all', steps: 16 })
    fc.assert(
      fc.property(all, (schedule) => {
        const [one, other] = [simulate(model, schedule), simulate(model, schedule)]
        expect(one.events.map(({ text, view }) => [text, view])).toEqual(
          other.events.map(({ text, view }) => [text, view]),
        )
      }),
      { numRuns: inNetworks(100) },
    )
  })

  test('meets all that may go wrong', () => {
    const checked = checkDataType(Model.of(t.number), { change, runs: inNetworks(600), seed: 1, exchanges: 'all' })
    if (checked._tag === 'Left') throw new Error(checked.left.format())
    const { seen, exchanges, runs } = checked.right
    expect(exchanges).toBe(runs)
    const features = ['doubt', 'unread', 'upgrade', 'push', 'overheard', 'linkCut', 'lineHarmed'] as const
    for (const one of [...features, 'updateRefused', 'budget', 'death', 'restore', 'oldVersion'] as const) {
      expect([one, seen[one] / runs > 0.03]).toEqual([one, true])
    }
  })
})

describe('a schedule that fails by one kind of step', () => {
  const all = schedules(model, { exchanges: 'all', steps: 16 })

  test.each([
    ['push', { version: 0 }],
    ['hear', { mail: 0, budget: 0, keep: false, refuses: undefined }],
    ['talk', { budgets: [0, 0], refuses: undefined }],
    ['say', { link: 0, most: 9 }],
    ['carry', { link: 0, lines: 1, refuses: undefined }],
    ['cut', { link: 0 }],
    ['restore', { version: 0 }],
    ['die', {}],
  ] as const)('shrinks to the plainest %s, between two replicas', (kind, plainest) => {
    const isWithout = ({ steps }: Schedule<unknown>): boolean => steps.every(({ _tag }) => _tag !== kind)
    const { counterexample } = fc.check(fc.property(all, isWithout), { seed: 1, numRuns: inNetworks(5000) })
    const [{ ids, steps, exchanges, luck }] = counterexample!
    expect({ ids, steps, exchanges, luck }).toMatchObject({
      ids: ['a', 'b'],
      steps: [{ _tag: kind, ...plainest }],
      exchanges: { old: 0 },
      luck: 0,
    })
    expect(steps).toHaveLength(1)
  })

  test('keeps the harm without which it does not fail', () => {
    const isHarmless = ({ steps }: Schedule<unknown>): boolean =>
      steps.every((step) => !('harm' in step) || step.harm === undefined)
    const { counterexample } = fc.check(fc.property(all, isHarmless), { seed: 1, numRuns: inNetworks(5000) })
    expect(counterexample![0].steps).toMatchObject([{ _tag: 'carry', link: 0, lines: 1, refuses: undefined }])
  })
})

describe('the laws of devices', () => {
  type State = ReadonlyMap<string, Update<Change>>

  /** A map whose removed keys are forgotten with their stamps. */
  const forgetful: DataType<State, Change> = {
    name: 'forgetful',
    change: t.readonly(t.tuple([t.string, t.number])),
    empty: new Map(),
    apply: (updates) => (state) => {
      const next = new Map(state)
      const superseded: Update<Change>[] = []
      for (const update of updates) {
        const [[key, value], at] = update
        const held = next.get(key)
        if (held !== undefined && held[1] > at) {
          superseded.push(update)
          continue
        }
        if (held !== undefined) superseded.push(held)
        if (value === 0) {
          next.delete(key)
          superseded.push(update)
        } else next.set(key, update)
      }
      return { state: next, superseded }
    },
    toJSON: (state) => [...state].map(([key, [[, value]]]) => [key, value]).sort(),
  }

  test('a removal that nobody keeps is caught, in three steps at most', () => {
    const { law, schedule } = found(checkDataType(forgetful, { change, seed: 3, exchanges: 'all' }))
    expect(['certainty', 'agreement', 'digests', 'superseded']).toContain(law.name)
    expect(schedule.steps.length).toBeLessThanOrEqual(3)
  })

  test.each(['certainty', 'digests', 'agreement', 'ends', 'drains'] as const)('%s reports what was found', (name) => {
    const run = played([write(0, 1, ['x', 1])])
    const violation = { why: 'made up' }
    const broken = { ...run, exchanged: { features: new Set(), broken: { law: name, violation } } }
    const law = laws.ofExchanges.find((one) => one.name === name)!
    expect([law.check(run), law.check(broken as unknown as typeof run)]).toEqual([undefined, violation])
  })

  test('a counterexample is printed as data that runs again', () => {
    const counterexample = found(checkDataType(forgetful, { change, seed: 3, exchanges: 'all' }))
    const [, text] = /^( {2}\{ ids: [^]*?^ {4}\] \})$/m.exec(counterexample.format())!
    // a user pastes this text
    /* eslint-disable-next-line @typescript-eslint/no-implied-eval,
       @typescript-eslint/no-unsafe-call */
    const schedule = new Function(`return ${text!}`)() as Schedule<Change>
    expect(found(checkDataType(forgetful, { change, schedule })).law).toEqual(counterexample.law)
  })
})

describe('a check', () => {
  const last = operations({ name: 'last', empty: 0, command: fc.nat(3), apply: (n) => () => n })

  test('tells the gravest law, and those of hygiene beside', () => {
    // no run diverges before the fourth
    const grave = found(checkDataType(unkempt(1), { change: fc.nat(3), seed: 3 }))
    const tidy = found(checkDataType(unkempt(0), { change: fc.nat(3), seed: 1, runs: 100 }))
    expect(grave.law).toMatchObject({ verdict: 'diverged' })
    expect(grave.beside!.map(({ law }) => law.name)).toContain('identity')
    expect([tidy.law.name, tidy.law.verdict]).toEqual(['identity', 'unlawful'])
    const asked = checkDataType(unkempt(0), { change: fc.nat(3), seed: 1, runs: 100, except: ['identity'] })
    expect(asked._tag).toBe('Right')
  })

  test('holds `own` against `apply`', () => {
    const deaf: DataType<{ readonly most: number }, number> = {
      ...unkempt(0),
      own: () => (state) => ({ state, superseded: [] }),
    }
    expect(found(checkDataType(deaf, { change: fc.nat(3), seed: 1, laws: ['own'] })).law.name).toBe('own')
  })

  test('passes over what is known, and counts it', () => {
    const checked = check(last, { seed: 1, runs: 100, known: ({ law }) => law.name === 'convergence' })
    expect(checked).toMatchObject({ _tag: 'Right', right: { runs: 100 } })
    if (checked._tag === 'Right') expect(checked.right.known).toBeGreaterThan(20)
  })

  describe('of other ways to the same value', () => {
    const counter = { empty: 0, command: fc.constant(1), apply: (n: number) => (sum: number) => sum + n }
    const once = { ...counter, delivery: { copies: 'exactly once', order: 'any' } } as const

    test('passes those that show the same', () => {
      const subject = operations({
        ...once,
        same: { 're-encoded': (sum) => JSON.parse(JSON.stringify(sum)) as number },
      })
      expect(check(subject, { seed: 1, profile: 'fast' })._tag).toBe('Right')
    })

    test('shows both sides of one that differs, and whose it is', () => {
      const subject = operations({ ...once, name: 'counter', same: { saved: (sum) => Math.min(sum, 1) } })
      const { law, why, states, schedule } = found(check(subject, { seed: 1 }))
      expect(law).toMatchObject({ name: 'quality', verdict: 'quality' })
      expect(why).toMatch(/^[ab] lacks the quality "saved shows the same"$/)
      expect(states).toEqual([1, 2])
      expect(schedule.steps.length).toBeLessThanOrEqual(3)
    })

    test('shows the replica where a quality only says no', () => {
      const subject = operations({ ...once, qualities: [{ name: 'stays small', atEnd: (sum) => sum < 2 }] })
      const { why, states } = found(check(subject, { seed: 1 }))
      expect(why).toMatch(/lacks the quality "stays small", and shows 2$/)
      expect(states).toBeUndefined()
    })

    test('shows the replicas themselves where Eq alone tells them apart', () => {
      const byArrival = { empty: 0, command: fc.nat(3), apply: (n: number) => () => n }
      const subject = operations({ ...byArrival, show: () => 'all the same', equals: (a, b) => a === b })
      const { law, why, states } = found(check(subject, { seed: 1 }))
      expect(law.name).toBe('convergence')
      expect(why).toBe('a and b know the same, and differ by Eq, though they show the same')
      expect([...states!].sort()).toEqual([0, 1])
    })
  })

  test('says what was thrown, and where', () => {
    const throws = operations({
      empty: 0,
      command: fc.constant(1),
      apply: () => () => {
        throw new TypeError('not today')
      },
    })
    const { cause, stack, format } = found(check(throws, { seed: 1, runs: 20 }))
    expect(cause).toBeInstanceOf(TypeError)
    expect(stack![0]).toMatch(/^at /)
    expect(format()).toContain(`  ${stack![0]!}`)
  })

  test('gives a counterexample as a test file', () => {
    const text = found(check(last, { seed: 1 })).toTest({
      subject: "import { last } from './last.js'",
      runner: 'vitest',
    })
    expect(text).toMatch(
      /^import \{ test \} from 'vitest'\n[^]*assert\(subject, \{ schedule, laws: \['convergence'\] \}\)/,
    )
    expect(text).toContain('network(["a", "b"]')
  })
})

/** The greatest number, or the last to come; a state is always made anew. */
const unkempt = (isWrong: 0 | 1): DataType<{ readonly most: number }, number> => ({
  name: 'unkempt',
  change: t.number,
  empty: { most: 0 },
  apply: (updates) => (state) => ({
    state:
      updates.length === 0
        ? state
        : { most: isWrong === 1 ? updates.at(-1)![0] : Math.max(state.most, ...updates.map(([n]) => n)) },
    superseded: [],
  }),
})

test('updatesOf gives updates with valid stamps, each source in order, as a type makes them', () => {
  const events = scuttlebutt(Events.of(t.number))
  fc.assert(
    fc.property(updatesOf(events.dataType, { change }), (updates) => {
      const replica = events.applyUpdates(updates)(events.create('anybody'))
      expect(events.history()(replica)).toEqual(updates)
    }),
    { numRuns: inNetworks(50) },
  )
})

test('network writes schedules without devices', () => {
  expect(network(['a'], ({ at }) => [at('a').local(1)]).exchanges).toBeUndefined()
})
