/** Which laws a check asks, and which of them it names. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import type { DataType, Update } from '../../src/index.js'
import { Model } from '../../src/index.js'
import { assert, check, checkDataType, ofDataType, network, LawBroken, operations } from '../../src/laws/index.js'
import { askedFor } from '../../src/laws/model/Law.js'
import { isThorough } from '../runs.js'
import { found } from './outcome.js'
import { ofRegister, register } from './register.js'

interface Row {
  readonly fields: Readonly<Record<string, number>>
  readonly stamps: Readonly<Record<string, string>>
  readonly newest: Update<Field> | undefined
}

type Field = readonly [name: string, value: number]

/** A row that names its newest update but one as superseded, whatever field that wrote. */
const row: DataType<Row, Field> = {
  name: 'row',
  change: t.readonly(t.tuple([t.string, t.number])),
  empty: { fields: {}, stamps: {}, newest: undefined },
  apply: (updates) => (state) => {
    const superseded: Update<Field>[] = []
    let { fields, stamps, newest } = state
    for (const update of updates) {
      const [[name, value], timestamp, source] = update
      if (newest !== undefined) superseded.push(newest)
      newest = update
      const stamp = `${String(timestamp).padStart(20)} ${source}`
      if (stamp > (stamps[name] ?? '')) {
        fields = { ...fields, [name]: value }
        stamps = { ...stamps, [name]: stamp }
      }
    }
    return { state: updates.length === 0 ? state : { fields, stamps, newest }, superseded }
  },
}

const ofRow = {
  change: fc.tuple(fc.constantFrom('x', 'y'), fc.nat(3)),
  toJSON: ({ fields }: Row) => fields,
}

const seeds = Array.from({ length: 40 }, (_, seed) => seed)

describe('A check', () => {
  test('names no law that it was not asked, whatever may be the cause', () => {
    for (const seed of seeds) {
      const laws = ['convergence', 'digests'] as const
      expect(laws).toContain(found(checkDataType(register, { ...ofRegister, seed, laws })).law.name)
      expect(found(checkDataType(register, { ...ofRegister, seed, except: ['superseded'] })).law.name).not.toBe(
        'superseded',
      )
    }
  })

  test('asks in its test file what makes the law named, so that the file fails', () => {
    const names = new Set<string>()
    // of ten, four show a file that does not ask for the laws of a loss as well
    for (const seed of isThorough ? seeds : seeds.slice(0, 10)) {
      const { law, schedule, toTest } = found(checkDataType(row, { ...ofRow, seed }))
      names.add(law.name)
      const laws = askedFor(law.name)
      const text = laws === undefined ? '' : `, laws: [${laws.map((name) => `'${name}'`).join(', ')}]`
      expect(toTest()).toContain(`{ schedule${text} }`)
      expect(found(check(ofDataType(row, ofRow), { schedule, ...(laws && { laws }) })).law.name).toBe(law.name)
    }
    expect(names).toContain('superseded')
  })

  test('is refused for a name that no law has, or if no law is left to ask', () => {
    const last = operations({ name: 'last', empty: 0, command: fc.nat(3), apply: (n) => () => n })
    expect(() => check(last, { laws: ['convergense'] })).toThrow(/last has no law convergense: it has total, /)
    expect(() => check(last, { laws: ['convergence', 'idempotense'] })).toThrow(/last has no law idempotense/)
    expect(() => check(last, { except: ['identiti'] })).toThrow(/last has no law identiti/)
    expect(() => check(last, { laws: ['merge'] })).toThrow(/no law of last is asked: it has total, /)
  })

  test('takes commands drawn at once, or drawn for a state', () => {
    const command = fc.constantFrom(Model.set('x', 1), Model.remove('x'))
    for (const one of [command, () => command]) {
      expect(checkDataType(Model.of(t.number), { command: one, runs: 50 })._tag).toBe('Right')
    }
  })

  test('throws with what was thrown as the cause', () => {
    const error = new RangeError('no room')
    const throws = operations({
      empty: 0,
      command: fc.constant(1),
      apply: () => () => {
        throw error
      },
    })
    const schedule = network(['a'], ({ at }) => [at('a').local(1)])
    try {
      assert(throws, { schedule })
      expect.unreachable()
    } catch (broken) {
      expect(broken).toBeInstanceOf(LawBroken)
      expect((broken as LawBroken).cause).toBe(error)
    }
  })
})
