/** The laws of older versions: what `diff` says of two of them, and what a jump back may cost. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { Model, REdit, scuttlebutt, type DataType, type Patch } from '../../src/index.js'
import { nullMeansNone, oldIndices, sharedTail } from '../../src/laws/broken/index.js'
import { checkDataType, laws, ofDataType, simulate, type ExchangeStep } from '../../src/laws/index.js'
import { inNetworks } from '../runs.js'
import { table } from '../table.js'

const RUNS = inNetworks(50, table.length)

test.each(table.map((entry) => [entry.dataType.name, entry] as const))(
  '%s keeps the laws of older versions, told one by one and between devices',
  (_, { dataType, ...entry }) => {
    const names = ['diff', 'timeTravel', 'digests', 'certainty', 'agreement']
    const checked = checkDataType(dataType, { ...entry, laws: names, runs: RUNS, seed: 2 })
    if (checked._tag === 'Left') throw new Error(checked.left.format())
    expect(checked.right.seen.oldVersion).toBeGreaterThan(0)
  },
)

describe('the law diff', () => {
  const of = (diff: NonNullable<DataType<Model.State<number>, never>['diff']>) =>
    checkDataType(
      { ...Model.of(t.number), diff },
      {
        change: fc.tuple(fc.constantFrom('x', 'y'), fc.nat(3)),
        laws: ['diff'],
        seed: 1,
        runs: 50,
      },
    )

  test.each([
    ['that gives nothing', () => [], 'gives no patch for two versions that differ'],
    ['of a place that is not there', () => [{ at: ['z', 'z'], after: 1 }], 'there is nothing at "z"'],
    ['that says wrongly what was before', () => [{ at: ['x'], before: 99 }], 'does not fit: there is '],
    ['of a list that is none', () => [{ at: [], splice: 0, removed: [], inserted: [] }], 'there is no list'],
    ['that leads elsewhere', () => [{ at: ['z'], after: 1 }], 'which leads elsewhere'],
  ] as ReadonlyArray<readonly [string, () => ReadonlyArray<Patch>, string]>)(
    'refuses patches %s',
    (_, patches, why) => {
      const showSame = (before: Model.State<number>, after: Model.State<number>): boolean =>
        JSON.stringify(Model.toJSON(before)) === JSON.stringify(Model.toJSON(after))
      expect(of((before) => (after) => (showSame(before, after) ? [] : patches()))).toMatchObject({
        _tag: 'Left',
        left: { law: { name: 'diff', verdict: 'unlawful' }, why: expect.stringContaining(why) as string },
      })
    },
  )

  test('refuses patches between versions that show the same', () => {
    const checked = of(() => (after) => [{ at: [], before: Model.toJSON(after), after: Model.toJSON(after) }])
    expect(checked).toMatchObject({ left: { law: { name: 'diff' } } })
  })

  test('asks a type without toJSON by what `patchesOf` gives', () => {
    const lines = checkDataType(REdit, {
      change: fc.constantFrom('a\n', 'b\nc').map((text) => REdit.text(text)),
      patchesOf: REdit.lines,
      laws: ['diff'],
      seed: 1,
      runs: 50,
    })
    expect(lines._tag).toBe('Right')
  })

  test.each([oldIndices, nullMeansNone])('$name breaks no graver law', (wrong) => {
    expect(wrong.check({ seed: 3, runs: 100, except: ['diff'] })._tag).toBe('Right')
  })
})

describe('patched', () => {
  test('reads a string as its code units', () => {
    const patch = { at: ['t'], splice: 1, removed: ['b', 'c'], inserted: ['x'] }
    expect(laws.patched({ t: 'abcd' }, [patch])).toEqual({ _tag: 'Right', right: { t: 'axd' } })
  })

  test('reaches no inherited member, and writes none', () => {
    const pollution: Patch = { at: ['__proto__', 'polluted'], after: true }
    expect(laws.patched({}, [pollution])._tag).toBe('Left')
    const patched = laws.patched({}, [{ at: ['__proto__'], after: 1 }])
    expect(patched._tag === 'Right' && Object.entries(patched.right as object)).toEqual([['__proto__', 1]])
    expect(Object.prototype).not.toHaveProperty('polluted')
  })

  test('changes one place only, though two hold one object', () => {
    const shared = {}
    const patched = laws.patched({ a: shared, b: shared }, [{ at: ['a', 'x'], after: 1 }])
    expect(patched).toEqual({ _tag: 'Right', right: { a: { x: 1 }, b: {} } })
    expect(shared).toEqual({})
  })
})

describe('the law timeTravel', () => {
  const model = ofDataType(Model.of(t.number), { change: fc.tuple(fc.constantFrom('x', 'y'), fc.nat(3)) })
  const timeTravel = model.laws.find(({ name }) => name === 'timeTravel')!

  const write = (now: number, value: readonly [string, number]) =>
    ({ _tag: 'local', at: 0, now, luck: 0, command: { value } }) as const

  test('is kept by a device that goes back, catches up and writes', () => {
    const steps: ReadonlyArray<ExchangeStep | ReturnType<typeof write>> = [
      write(1, ['x', 1]),
      write(2, ['y', 2]),
      { _tag: 'rewind', at: 0, version: 0 },
      write(1, ['x', 3]),
    ]
    const run = simulate(model, { ids: ['a', 'b'], luck: 0, exchanges: { old: 0 }, steps })
    expect(run.exchanged).toMatchObject({ features: new Set(['oldVersion', 'budget']) })
    expect(run.exchanged!.broken).toBeUndefined()
    expect(run.replicas.map(({ state }) => Model.toJSON(state))).toEqual([
      { x: 3, y: 2 },
      { x: 3, y: 2 },
    ])
  })

  test('is broken by a merge that loses what the head had', () => {
    // supersedes what it still needs: the history of the head is empty
    const forgetful: DataType<Model.State<number>, Model.Change<number>> = {
      ...Model.of(t.number),
      apply: (updates) => (state) => ({ ...Model.of(t.number).apply(updates)(state), superseded: updates }),
    }
    const options = { change: fc.tuple(fc.constantFrom('x', 'y'), fc.nat(3)), laws: ['timeTravel'], seed: 1 }
    for (const exchanges of ['none', 'all'] as const) {
      expect(checkDataType(forgetful, { ...options, exchanges })).toMatchObject({
        _tag: 'Left',
        left: { law: { verdict: 'lost' }, why: expect.stringMatching(/went back, caught up with its head/) as string },
      })
    }
  })

  test('is broken by a stamp that came before', () => {
    const { create, change } = scuttlebutt(Model.of(t.number))
    const made = change(['x', 1], 5)(create('a'))
    if (made._tag === 'Left') throw new Error('refused')
    const run = simulate(model, { ids: ['a'], steps: [write(5, ['x', 1])] })
    expect(timeTravel.check(run)).toBeUndefined()
    // the head forgets what it has seen
    const [event] = run.events
    const { latest } = event!.after.clock
    const stale = { ...event!, after: { ...event!.after, clock: { ...event!.after.clock, latest: latest + 9 } } }
    expect(
      timeTravel.check({ ...run, ...{ ids: run.ids, operations: run.operations }, events: [stale] as never }),
    ).toMatchObject({
      why: expect.stringContaining('stamp') as string,
    })
  })

  test('catches sharedTail where the head shows something else after an update is left out', () => {
    const checked = sharedTail.check({ seed: 1, laws: ['timeTravel'], exchanges: 'none' })
    expect(checked).toMatchObject({
      left: { why: expect.stringContaining('its head shows something else') as string },
    })
  })
})
