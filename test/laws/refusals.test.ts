/** What a report says of refused commands, of requirements that no run meets, and of time. */
import { either as E } from 'fp-ts'
import fc from 'fast-check'
import * as t from 'io-ts'
import { afterEach, describe, expect, test } from 'vitest'
import { Model } from '../../src/index.js'
import {
  check,
  checkDataType,
  checkReplicas,
  deltas,
  FEATURES,
  operations,
  states,
  type Coverage,
  type Feature,
  type Options,
} from '../../src/laws/index.js'
import { covered, found } from './outcome.js'

const max = (n: number) => (held: number) => Math.max(n, held)
const numbers = { empty: 0, command: fc.nat(3) }
const largest = states({ ...numbers, mutate: max, merge: max })
const model = Model.of(t.number)
const change = fc.tuple(fc.constantFrom('x', 'y'), fc.nat(3))
const brief = { seed: 1, runs: 100 } as const

describe('Where some commands are refused, the report shows one of each kind', () => {
  test('of a data type: by the codec, and by each reason of the command', () => {
    const command = fc.constantFrom<unknown>(
      ['x', 1],
      ['x', 'wrong'],
      ['y', 'wrong, too'],
      () => E.left({ _tag: 'Full', most: 1 }),
      () => E.left({ _tag: 'Full', most: 2 }),
      () => E.left('absent'),
    )
    const { refusals = [], format } = covered(checkDataType(model, { ...brief, command: command as never }))
    expect(refusals.map(({ why }) => why).sort()).toEqual([
      expect.stringMatching(/^`change` \(the codec\) refused \["[xy]","wrong.*"\]: it expects null, number/),
      '`command` gave `E.left("absent")`',
      expect.stringMatching(/^`command` gave `E\.left\(\{.*"Full".*\}\)`$/),
    ])
    expect(format()).toContain('refused: a command, as `command` gave `E.left("absent")`')
  })

  test('of `prepare`: one example, with its command', () => {
    const type = operations({
      ...numbers,
      prepare: (n: number) => () => (n === 2 ? undefined : n),
      apply: max,
    })
    const { refusals } = covered(check(type, brief))
    expect(refusals).toEqual([{ command: '2', why: '`prepare` gave undefined, which refuses a command' }])
  })

  test('and of many kinds no more than five', () => {
    const command = fc.nat(50).map((n) => (n < 40 ? () => E.left(`reason ${String(n)}`) : ['x', n]))
    expect(covered(checkDataType(model, { ...brief, command: command as never })).refusals).toHaveLength(5)
  })

  test('and nothing where none is refused', () => {
    const { refusals, format } = covered(check(largest, brief))
    expect([refusals, format().includes('refused:')]).toEqual([undefined, false])
  })
})

describe('A requirement that no run of a form can meet', () => {
  const doc = {
    create: () => new Set<number>(),
    command: fc.nat(3),
    local: (n: number) => (set: Set<number>) => void set.add(n),
    receive: (heard: ReadonlyArray<number>) => (set: Set<number>) => {
      for (const n of heard) set.add(n)
    },
    send: () => (set: Set<number>) => [...set],
    show: (set: Set<number>) => [...set].sort(),
    ...brief,
  }

  test('is told so, and not as a matter of runs', () => {
    const { law, why, remedy } = found(check(largest, { ...brief, required: { late: 0.1 } }))
    expect([law.name, why]).toEqual(['exercised', 'an operation that arrived after a newer one: never, in this form'])
    expect(remedy).toBe(
      'leave `late` out of `required`: it takes replicas that broadcast: ' +
        'those of `operations`, of `deltas`, or with `told`',
    )
  })

  test('is told beside those that more runs may meet', () => {
    const { why, remedy } = found(check(largest, { ...brief, required: { late: 0.1, ties: 1 } }))
    expect(why).toMatch(/newer one: never, in this form; equal timestamps .*: in .* % of the runs/)
    expect(remedy).toMatch(/^leave `late` out .*; give commands on fewer keys/)
  })

  const forms: ReadonlyArray<readonly [string, (required: object) => E.Either<{ why: string }, unknown>]> = [
    ['states', (required) => check(largest, { ...brief, required })],
    ['operations', (required) => check(operations({ ...numbers, apply: max }), { ...brief, required })],
    ['deltas', (required) => check(deltas({ ...numbers, delta: (n) => () => n, merge: max }), { ...brief, required })],
    ['replicas', (required) => checkReplicas({ ...doc, required })],
    ['a data type', (required) => checkDataType(model, { change, ...brief, required })],
    ['devices', (required) => checkDataType(model, { change, ...brief, exchanges: 'all', required })],
    ['no devices', (required) => checkDataType(model, { change, ...brief, exchanges: 'none', required })],
    [
      '`apply` alone',
      (required) =>
        checkDataType(model, { change, ...brief, delivery: { order: 'any', copies: 'exactly once' }, required }),
    ],
  ]

  /** They depend on the commands. */
  const BY_COMMANDS: ReadonlyArray<Feature> = ['refused', 'deleteAgainstSet']

  test.each(forms)('is told of %s just where their runs never have it', (_, checked) => {
    const names = Object.keys(FEATURES) as ReadonlyArray<Feature>
    // all at once: a check for each takes as many times as long, and `why` has a part for each
    const outcome = checked(Object.fromEntries(names.map((name) => [name, 1e-9])))
    const parts = outcome._tag === 'Right' ? [] : outcome.left.why.split('; ')
    const seen = names.map((name) => {
      const part = parts.find((text) => text.startsWith(`${FEATURES[name]}: `))
      return [name, part === undefined || (part.endsWith(': never, in this form') ? 'never' : 'rare')] as const
    })
    expect(seen.filter(([, is]) => is !== true)).toHaveLength(parts.length)
    const rare = seen.filter(([name, is]) => is === 'rare' && !BY_COMMANDS.includes(name))
    expect(rare).toEqual([])
    // and the report leaves those out
    const { right } = checked({}) as { readonly right: Coverage }
    const text = right.format()
    for (const [name, is] of seen) {
      if (is === 'never') expect(text).not.toContain(FEATURES[name])
      else expect(text).toContain(FEATURES[name])
    }
  })
})

describe('A check that time ends', () => {
  afterEach(() => {
    fc.resetConfigureGlobal()
  })

  test('says so, by the name of the option', () => {
    const { endedBy, runs, format } = covered(check(largest, { seed: 1, runs: 1_000_000, time: 20 }))
    expect([endedBy, runs < 1_000_000]).toEqual(['time', true])
    expect(format()).toContain('`time` ended the check before all its runs were made')
    expect(covered(check(largest, { ...brief, time: 60_000 })).endedBy).toBeUndefined()
    // no number of runs was asked for
    expect(covered(check(largest, { seed: 1, time: 20 })).endedBy).toBeUndefined()
  })

  test('by fast-check, says that', () => {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the kit takes it
    fc.configureGlobal({ interruptAfterTimeLimit: 20, numRuns: 1_000_000 })
    const { endedBy, format } = covered(check(largest, { seed: 1 }))
    expect(endedBy).toBe('interruptAfterTimeLimit')
    expect(format()).toContain('`interruptAfterTimeLimit` ended the check')
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- as above
    fc.configureGlobal({ interruptAfterTimeLimit: 0 })
    const { why, remedy } = found(check(largest, { seed: 1 }))
    expect([why, remedy]).toEqual(['no run was made', 'give it a longer `interruptAfterTimeLimit`'])
  })
})

test('A check without runs says which option to change', () => {
  const remedyOf = (options: Options<number>) => {
    const { law, why, remedy } = found(check(largest, options))
    expect([law.name, why]).toEqual(['exercised', 'no run was made'])
    return remedy
  }
  expect(remedyOf({ seed: 1, runs: 0 })).toBe('give 1 or more as `runs`')
  expect(remedyOf({ seed: 1, runs: 0, time: 0 })).toBe('give 1 or more as `runs`')
  expect(remedyOf({ seed: 1, time: 0 })).toBe('give it a longer `time`')
  expect(remedyOf({ seed: 1, runs: 5, time: 0 })).toBe('give it a longer `time`')
})
