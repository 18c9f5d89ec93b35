/** Chains of signed updates: a replica is sure along them, and over a gap when two peers are. */
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import * as Clock from '../../src/core/Clock.js'
import { right } from '../../src/core/Either.js'
import { take } from '../../src/core/receive.js'
import { Model, scuttlebutt, type Replica, type Update } from '../../src/index.js'
import * as Chain from '../../src/trust/Chain.js'
import { forbids } from '../../src/trust/limits.js'
import type { Statement } from '../../src/trust/Statement.js'
import { orElse, type Verifier } from '../../src/trust/Verifier.js'

type Change = Model.Change<number>
type Rows = Replica<Model.State<number>, Change>

const model = scuttlebutt(Model.of(t.number))

const made = (timestamp: number, previous?: number): Update<Change> =>
  previous === undefined
    ? [[`k${String(timestamp)}`, 1], timestamp, 'ann', 'signature']
    : [[`k${String(timestamp)}`, 1], timestamp, 'ann', 'signature', previous]

/** A replica that was given updates for which nobody vouches. */
const given = (...updates: ReadonlyArray<Update<Change>>): Rows =>
  take(model.dataType, { updates }, 'nobody', model.create('ben')).replica

const unreadGiven = (...unread: ReadonlyArray<Update<unknown>>): Rows =>
  take(model.dataType, { updates: [], unread }, 'nobody', model.create('ben')).replica

const sureOf = (replica: Rows): number => Clock.sureOf('ann', Chain.follow(replica))

const saying = (sure: number, by: string, isTrusted = false): Chain.Claimed => ({
  claim: { sureOf: () => sure, floor: 0 },
  by,
  isTrusted,
  mayChain: true,
})

describe('A chain', () => {
  test('makes sure up to its first gap, in whatever order its updates came', () => {
    expect(sureOf(given(made(1, 0), made(2, 1), made(4, 3)))).toBe(2)
    expect(sureOf(given(made(4, 2), made(2, 1), made(1, 0)))).toBe(4)
    expect(sureOf(given(made(2, 1)))).toBe(0)
    expect(sureOf(given(made(1), made(2)))).toBe(0)
  })

  test('of updates that cannot be read makes sure as well', () => {
    expect(sureOf(unreadGiven(made(1, 0), made(2, 1)))).toBe(2)
  })
})

describe('Over a gap', () => {
  const read = given(made(1, 0), made(4, 3))
  const unread = unreadGiven(made(1, 0), made(4, 3))

  test.each([
    ['read', read],
    ['unread', unread],
  ])('two peers must say the same, and one alone does not count twice: %s', (_, replica) => {
    const [one, first] = Chain.hear(saying(4, 'x'))(Chain.empty, replica)
    expect(first.sureOf('ann')).toBe(0)
    const [same, again] = Chain.hear(saying(4, 'x'))(one, replica)
    expect(again.sureOf('ann')).toBe(0)
    const [, second] = Chain.hear(saying(3, 'y'))(same, replica)
    expect(second.sureOf('ann')).toBe(3)
  })

  test('a trusted peer counts for two', () => {
    expect(Chain.hear(saying(4, 'x', true))(Chain.empty, read)[1].sureOf('ann')).toBe(4)
  })

  test('one peer is enough for a source without a chain', () => {
    expect(Chain.hear(saying(4, 'x'))(Chain.empty, given(made(1), made(4)))[1].sureOf('ann')).toBe(4)
  })

  test('one peer is not enough where the newest update is without a chain, and one in doubt has it', () => {
    // the first after a restart says nothing of those before it
    const restarted = given(made(1, 0), made(3, 2), made(4))
    expect(Chain.hear(saying(4, 'x'))(Chain.empty, restarted)[1].sureOf('ann')).toBe(0)
    const all = given(made(1, 0), made(2, 1), made(4))
    expect(Chain.hear(saying(4, 'x'))(Chain.empty, { ...all, clock: Chain.follow(all) })[1].sureOf('ann')).toBe(4)
  })

  test('a source that is not in doubt has no words', () => {
    const [words, claim] = Chain.hear(saying(4, 'x'))(Chain.empty, model.applyUpdate(made(1, 0))(model.create('ben')))
    expect(words).toEqual(Chain.empty)
    expect(claim.sureOf('ann')).toBe(0)
  })
})

describe('Verifiers together', () => {
  const believing = (chains: boolean): Verifier => ({ ...(chains && { chains }), verify: () => right('yes') })
  const statement: Statement = { document: 'd', dataType: 'Model', source: 'ann', timestamp: 2, change: 1 }
  const ask = (first: boolean, second: boolean, previous?: number): string => {
    const verifier = orElse(believing(second))(believing(first))
    const answer = verifier.verify(previous === undefined ? statement : { ...statement, previous }, 's')
    return typeof answer === 'function' ? 'later' : answer._tag
  }

  test('ask only those that know chains about an update of a chain', () => {
    expect(ask(false, false)).toBe('Right')
    expect(ask(false, false, 1)).toBe('Left')
    expect(ask(false, true, 1)).toBe('Right')
    expect(ask(true, false, 1)).toBe('Right')
    expect(orElse(believing(false))(believing(false))).not.toHaveProperty('chains')
    expect(orElse(believing(true))(believing(false)).chains).toBe(true)
  })
})

describe('Limits', () => {
  test('measure an update that cannot be read as it is, and do not authorise it', () => {
    const update: Update<unknown> = ['x'.repeat(20), 1, 'ann']
    const authorize = () => ({ _tag: 'Left', left: 'nobody may' }) as const
    const judged = (maxChange: number, isUnread: boolean) =>
      forbids(model.dataType, { maxChange, authorize })(update as never, Model.of(t.number).empty, isUnread)
    expect(judged(10, true)).toMatchObject({ _tag: 'TooLarge', bytes: 22 })
    expect(judged(30, true)).toBeUndefined()
    expect(judged(30, false)).toMatchObject({ _tag: 'Unauthorized' })
  })
})
