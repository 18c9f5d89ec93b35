/** Checks beside fast-check: its global configuration, checks inside `fc.assert`, failures kept. */
/* eslint-disable @typescript-eslint/no-deprecated --
   users of fast-check 4 configure it so */
import * as fs from 'node:fs'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { assert, check, keptIn, LawBroken, operations, type Kept, type Replay } from '../../src/laws/index.js'
import { inMemory } from '../runs.js'
import { covered, found } from './outcome.js'

const ofTests = fc.readConfigureGlobal()

beforeEach(() => {
  fc.resetConfigureGlobal()
})

afterEach(() => {
  fc.configureGlobal(ofTests)
})

const counter = operations({ name: 'counter', empty: 0, command: fc.nat(3), apply: (n) => (sum) => sum + n })
const last = operations({ name: 'last', empty: 0, command: fc.nat(3), apply: (n) => () => n })

const thrown = (run: () => void): unknown => {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}

describe('what fc.configureGlobal says', () => {
  test('of the number of runs counts, where a check says nothing', () => {
    expect(covered(check(counter)).runs).toBe(1000)
    fc.configureGlobal({ numRuns: 30 })
    expect(covered(check(counter)).runs).toBe(30)
    expect(covered(check(counter, { runs: 20 })).runs).toBe(20)
    expect(covered(check(counter, { profile: 'fast' })).runs).toBeLessThanOrEqual(50)
    expect(covered(check(counter, { profile: 'fast', runs: 60 })).runs).toBe(60)
  })

  test('of the seed counts, and a check may say another', () => {
    fc.configureGlobal({ seed: 7 })
    expect(found(check(last))).toEqual(found(check(last, { seed: 7 })))
    expect(found(check(last, { seed: 8 })).seed).toBe(8)
    // a path is one of another seed
    const { seed, path: way } = found(check(last, { seed: 8 }))
    expect(found(check(last, { seed: seed!, path: way! })).path).toBe(way)
  })

  test('of the time ends a check, and never makes it endless', () => {
    // long enough for a run on a busy machine, and far too short for all
    fc.configureGlobal({ interruptAfterTimeLimit: 200, numRuns: 1_000_000 })
    expect(covered(check(counter)).runs).toBeLessThan(1_000_000)
    fc.configureGlobal({ interruptAfterTimeLimit: 60_000, numRuns: 40 })
    expect(covered(check(counter)).runs).toBe(40)
    // and it does not end the shrinking
    fc.configureGlobal({ interruptAfterTimeLimit: 50, markInterruptAsFailure: true, timeout: 1 })
    expect(found(check(last, { seed: 1 })).schedule.steps.length).toBeLessThanOrEqual(3)
  })

  test('of being verbose adds the failures that were met on the way', () => {
    const quiet = thrown(() => {
      assert(last, { seed: 1 })
    }) as LawBroken
    expect(quiet.message).toBe(quiet.counterexample.format())
    fc.configureGlobal({ verbose: true })
    const verbose = thrown(() => {
      assert(last, { seed: 1 })
    }) as LawBroken
    const { failures, shrinks } = verbose.counterexample
    expect(failures.length).toBe(shrinks + 1)
    expect(verbose.message).toContain('Encountered failures were:\n- {"ids":')
    expect(verbose.message.match(/^- \{/gm)).toHaveLength(failures.length)
  })

  test('of a reporter lets that decide, with the details of fast-check', () => {
    const told: fc.RunDetails<unknown>[] = []
    fc.configureGlobal({ reporter: (details) => void told.push(details) })
    assert(last, { seed: 1 })
    assert(counter, { runs: 10 })
    const [failed, passed] = told
    const { seed, path: way, schedule, runs, shrinks } = found(check(last, { seed: 1 }))
    expect(failed).toMatchObject({ failed: true, seed, counterexamplePath: way, numRuns: runs, numShrinks: shrinks })
    expect(failed!.counterexample).toEqual([schedule])
    expect(failed!.errorInstance).toBeInstanceOf(LawBroken)
    expect(passed).toMatchObject({ failed: false, numRuns: 10, counterexample: null })
    // the report of fast-check reads it, too
    expect(fc.defaultReportMessage(failed!)).toContain(`path: "${way!}"`)
    expect(told).toHaveLength(2)
  })

  test('of a reporter for what is asynchronous does not disturb a check', () => {
    fc.configureGlobal({ asyncReporter: () => Promise.reject(new Error('never asked')) })
    expect(covered(check(counter, { runs: 10 })).runs).toBe(10)
  })
})

describe('inside fc.assert', () => {
  /** Sums up to 2, and above it the last to arrive wins. */
  const sums = (upTo: number) =>
    operations({ name: 'sums', empty: 0, command: fc.nat(3), apply: (n: number) => (sum) => (upTo > 2 ? n : sum + n) })

  test('a check passes for every value, with the runs that are configured', () => {
    fc.configureGlobal({ numRuns: 5 })
    const runs: number[] = []
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        runs.push(covered(check(counter, { seed })).runs)
      }),
    )
    expect(runs).toEqual([5, 5, 5, 5, 5])
  })

  test('a check that fails is what the property fails by, and its value shrinks', () => {
    const property = fc.property(fc.nat(9), (upTo) => {
      assert(sums(upTo), { seed: 1, runs: 50 })
    })
    const { counterexample, errorInstance } = fc.check(property, { seed: 1, numRuns: inMemory(20) })
    expect(counterexample).toEqual([3])
    expect(errorInstance).toBeInstanceOf(LawBroken)
  })
})

describe('failures that are kept', () => {
  let folder = ''

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'kept-'))
  })

  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  const inMap = (map: Map<string, Replay>): Kept => ({
    get: (name) => map.get(name),
    set: (name, replay) => {
      if (replay === undefined) map.delete(name)
      else map.set(name, replay)
    },
  })

  test('are tried first the next time, without a seed', () => {
    const kept = keptIn(fs, path.join(folder, 'kept.json'))
    const first = found(check(last, { kept }))
    for (let again = 0; again < 3; again++) {
      const next = found(check(last, { kept }))
      expect([next.seed, next.runs, next.schedule]).toEqual([first.seed, first.runs, first.schedule])
    }
  })

  test('are forgotten once a whole check has passed with the seed that found them', () => {
    const map = new Map<string, Replay>()
    const kept = inMap(map)
    const { seed } = found(check(last, { kept, seed: 5 }))
    expect(map.get('last')).toEqual({ seed, path: expect.stringMatching(/^\d+$/) as string })
    const mended = { ...counter, name: 'last' }
    expect(covered(check(mended, { kept, runs: 60, required: { concurrent: 0.1 } })).runs).toBe(60)
    expect(map.size).toBe(0)
  })

  test('of several types stand side by side', () => {
    const file = path.join(folder, 'kept.json')
    const kept = keptIn(fs, file)
    check(last, { kept, seed: 1 })
    check({ ...last, name: '__proto__' }, { kept, seed: 2 })
    check(counter, { kept, seed: 3, runs: 10 })
    const names = Object.keys(JSON.parse(fs.readFileSync(file, 'utf8')) as object)
    expect(names).toEqual(['last', '__proto__'])
    expect(keptIn(fs, file).get('__proto__')?.seed).toBe(2)
  })

  test.each(['', '[]', 'null', '{ "last": { "seed": "1", "path": "0" } }', '{ "last": { "seed": 1, "path": "x" } }'])(
    'count as none if the file holds %j',
    (text) => {
      const file = path.join(folder, 'kept.json')
      fs.writeFileSync(file, text)
      expect(keptIn(fs, file).get('last')).toBeUndefined()
      expect(found(check(last, { kept: keptIn(fs, file), seed: 1 })).seed).toBe(1)
      expect(keptIn(fs, file).get('last')?.seed).toBe(1)
    },
  )

  test('make the folder of their file', () => {
    const file = path.join(folder, 'no', 'such', 'kept.json')
    expect(found(check(last, { kept: keptIn(fs, file), seed: 1 })).law.name).toBe('convergence')
    expect(keptIn(fs, file).get('last')?.seed).toBe(1)
  })

  test('that cannot be written do not hide the counterexample, which says so', () => {
    const full = (): never => {
      throw new Error('no space left')
    }
    const { law, format } = found(check(last, { kept: keptIn({ ...fs, writeFileSync: full }, 'kept.json'), seed: 1 }))
    expect(law.name).toBe('convergence')
    expect(format()).toContain('also broken, kept: the failure could not be written: Error: no space left')
    const failing: Kept = { get: () => ({ seed: 1, path: '0' }), set: full }
    expect(() => check({ ...counter, name: 'last' }, { kept: failing, runs: 5 })).toThrow('no space left')
  })

  test('are left alone by a check that says which run it wants', () => {
    const map = new Map<string, Replay>()
    const { seed, path: way, schedule } = found(check(last, { seed: 1 }))
    check(last, { kept: inMap(map), seed: seed!, path: way! })
    check(last, { kept: inMap(map), schedule: schedule })
    expect(map.size).toBe(0)
  })
})
