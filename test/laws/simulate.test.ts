/** What `simulate` takes, and what it says of the rest. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { Model } from '../../src/index.js'
import { check, network, ofDataType, operations, schedules, simulate } from '../../src/laws/index.js'
import { inNetworks } from '../runs.js'

const counter = operations({ empty: 0, command: fc.nat(3), apply: (n) => (sum: number) => sum + n })
const model = ofDataType(Model.of(t.number), { change: fc.tuple(fc.constantFrom('x', 'y'), fc.nat(3)) })

/** As plain JavaScript gives it. */
const loosely = (given: unknown): never => given as never

const of = (...steps: ReadonlyArray<unknown>) => loosely({ ids: ['a', 'b'], steps })

describe('simulate refuses by name', () => {
  test.each<readonly [unknown, RegExp]>([
    [undefined, /^simulate needs `schedule`$/],
    [null, /^`schedule` of simulate takes an object of options, not null$/],
    [{ ids: [], steps: [] }, /^`schedule\.ids` of simulate is \[\]: it must be an array that is not empty$/],
    [{ ids: ['a'], steps: [], luck: NaN }, /^`schedule\.luck` of simulate is Number\.NaN: it must be a whole number/],
    [{ ids: ['a'], steps: [], luck: -1 }, /^`schedule\.luck` of simulate is -1/],
    [{ ids: ['a'], steps: [], exchanges: { old: -1 } }, /^`schedule\.exchanges\.old` of simulate is -1/],
    [of({ _tag: 'crash', at: -1 }), /^`schedule\.steps\[0\]\.at` of simulate is -1: .* from 0 to 1$/],
    [of({ _tag: 'crash', at: 2 }), /^`schedule\.steps\[0\]\.at` of simulate is 2/],
    [
      of({ _tag: 'heal' }, { _tag: 'prune', at: 0, now: NaN }),
      /^`schedule\.steps\[1\]\.now` of simulate is Number\.NaN/,
    ],
    [of({ _tag: 'deliver', to: 0, pick: -1 }), /^`schedule\.steps\[0\]\.pick` of simulate is -1/],
    [of({ _tag: 'deliver', to: 0 }), /^`schedule\.steps\[0\]` of simulate needs `pick`$/],
    [of({ _tag: 'send', from: 0, to: 1, delay: -1 }), /^`schedule\.steps\[0\]\.delay` of simulate is -1/],
    [of({ _tag: 'heal', at: 0 }), /^`schedule\.steps\[0\]` of simulate has no option `at`/],
    [of({ _tag: 'healed' }), /^`schedule\.steps\[0\]\._tag` of simulate is "healed"/],
  ])('the schedule %j', (schedule, message) => {
    expect(() => simulate(counter, loosely(schedule))).toThrow(message)
  })

  test('what is no subject', () => {
    expect(() => simulate(loosely(Model.of(t.number)), of())).toThrow(/^simulate takes a subject: .*, not a data type$/)
  })

  test.each([
    [
      { order: 'some', copies: 'exactly once' },
      "`delivery.order` of simulate is \"some\": it must be 'source' or 'causal'",
    ],
    [{ order: 'any', copies: 'twice' }, '`delivery.copies` of simulate is "twice": it must be \'exactly once\''],
    [{ order: 'any' }, '`delivery` of simulate needs `copies`'],
    [null, '`delivery` of simulate takes an object of options, not null'],
  ])('the delivery %j, as every function does that takes a subject', (delivery, message) => {
    const subject = { ...counter, delivery: loosely(delivery) }
    expect(() => simulate(subject, of())).toThrow(message)
    expect(() => check(subject)).toThrow(message.replace('simulate', 'check'))
    expect(() => schedules(subject)).toThrow(message.replace('simulate', 'schedules'))
  })

  test.each([
    [{ gossip: 'some' }, /^`gossip` of simulate is "some": it must be 'history' or 'everything'$/],
    [{ isWatched: 1 }, /^`isWatched` of simulate is 1: it must be true or false$/],
    [{ gosip: 'history' }, /^simulate has no option `gosip`: do you mean `gossip`\?/],
  ])('the options %j', (how, message) => {
    expect(() => simulate(counter, of(), loosely(how))).toThrow(message)
  })
})

test('simulate takes every schedule that is drawn, and every one written by hand, also from JSON', () => {
  const byHand = network<number>(['a', 'b', 'c'], ({ at, partition, heal }) => [
    at('a').local(1),
    at('b', -3).draw(5),
    at('b').deliver(1),
    at('b').deliverAgain(1),
    at('b').send('c', { twice: true, delay: 2, keep: 1 }),
    partition('a', 'b'),
    heal(),
    at('c').save(),
    at('c').crash(),
  ])
  expect(simulate(counter, byHand).threw).toBeUndefined()
  for (const exchanges of ['none', 'all'] as const) {
    fc.assert(
      fc.property(schedules(model, { exchanges }), (schedule) => {
        const copy = JSON.parse(JSON.stringify(schedule)) as typeof schedule
        expect(simulate(model, schedule).threw).toBeUndefined()
        expect(simulate(model, copy).events.length).toBe(simulate(model, schedule).events.length)
      }),
      { numRuns: inNetworks(30) },
    )
  }
})
