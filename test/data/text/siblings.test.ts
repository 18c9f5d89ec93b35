/** Many units that were put to the right of the same one: where they stand, and what it costs. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Text, type Update } from '../../../src/index.js'
import { sizes } from '../../../src/data/text/Tree.js'
import { inNetworks } from '../../runs.js'
import { expectSound, orderOf, shrink } from './invariants.js'

type Change = Text.Change

type Id = readonly [first: number, k: number, source: string]

interface Unit {
  readonly id: Id
  readonly letter: string
  readonly left: Unit | undefined
  readonly right: Unit | undefined
}

const isBefore = ([a, i, s]: Id, [b, j, t]: Id): boolean => (a !== b ? a < b : s !== t ? s < t : i < j)

/** All units in order, placed one by one by the scan of the rules. References must be here. */
const scanned = (updates: ReadonlyArray<Update<Change>>): ReadonlyArray<Unit> => {
  const units = new Map<string, Unit>()
  let order: ReadonlyArray<Unit> = []
  for (const [[, ...operations], first, source] of updates) {
    let k = 0
    const find = (ref: Text.Ref, further = 0): Unit | undefined => {
      const [begun, number, whose] = typeof ref === 'number' ? [first, ref, source] : [ref[0], ref[1], ref[2] ?? source]
      return number === 0 ? undefined : units.get(JSON.stringify([begun, number + further, whose]))
    }
    for (const [, text, leftRef, rightRef] of operations as ReadonlyArray<Text.Insert>) {
      const given = find(leftRef)
      const right = rightRef !== undefined ? find(rightRef) : leftRef === 0 ? undefined : find(leftRef, 1)
      const straight = straightened(order, given, right)
      let left = given
      for (const letter of text) {
        const unit: Unit = { id: [first, ++k, source], letter, left, right: straight }
        const place = placeOf(order, unit)
        order = [...order.slice(0, place), unit, ...order.slice(place)]
        units.set(JSON.stringify(unit.id), unit)
        left = unit
      }
    }
  }
  return order
}

const straightened = (
  order: ReadonlyArray<Unit>,
  left: Unit | undefined,
  right: Unit | undefined,
): Unit | undefined => {
  if (right === undefined || order.indexOf(left!) >= order.indexOf(right)) return undefined
  return right.left === left || order.indexOf(right.left!) < order.indexOf(left!) ? right : undefined
}

const placeOf = (order: ReadonlyArray<Unit>, { id, left, right }: Unit): number => {
  const at = new Map<Unit | undefined, number>(order.map((unit, i) => [unit, i]))
  const start = (unit: Unit | undefined): number => at.get(unit) ?? -1
  const end = (unit: Unit | undefined): number => at.get(unit) ?? order.length
  let place = start(left) + 1
  let isPassing = false
  for (let i = place; i < end(right); i++) {
    const unit = order[i]!
    if (start(unit.left) < start(left)) break
    if (unit.left === left) {
      if (unit.right === right && isBefore(id, unit.id)) break
      isPassing = end(unit.right) < end(right)
    }
    if (!isPassing) place = i + 1
  }
  return place
}

/** An edge or unit among those there are; small numbers are the first units, high ones the last. */
const pick = fc.oneof({ weight: 3, arbitrary: fc.nat(3) }, fc.integer({ min: -4, max: -1 }), fc.nat(200))

const insertion = fc.record({
  source: fc.constantFrom('a', 'b', 'c'),
  isGoingOn: fc.boolean(),
  text: fc.constantFrom('x', 'x', 'yz', 'long'),
  left: pick,
  right: pick,
  isRightLeftOut: fc.nat(5).map((n) => n === 0),
})

type Insertion = typeof insertion extends fc.Arbitrary<infer I> ? I : never

/** Strokes of which each refers to units of those before it. */
const strokesOf = (insertions: ReadonlyArray<Insertion>): ReadonlyArray<Update<Change>> => {
  const updates: Update<Change>[] = []
  const ids: Id[] = []
  for (const { source, isGoingOn, text, left, right, isRightLeftOut } of insertions) {
    const last = updates.at(-1)
    const isSame = isGoingOn && last?.[2] === source
    const first = isSame ? last[1] : updates.length + 1
    const refTo = (at: number): Text.Ref => {
      const id = [undefined, ...ids].at(at < 0 ? Math.max(at, -ids.length) : at % (ids.length + 1))
      if (id === undefined) return 0
      return id[0] === first && id[2] === source ? id[1] : id
    }
    const leftRef = refTo(left)
    // the unit behind `left` in its stroke may not be here
    const operation: Text.Operation =
      isRightLeftOut && leftRef === 0 ? ['+', text, 0] : ['+', text, leftRef, refTo(right)]
    const begun = isSame ? last[0].slice(1) : []
    if (isSame) updates.pop()
    updates.push([[0, ...(begun as Text.Operation[]), operation], first, source])
    const size = ids.filter((id) => id[0] === first && id[2] === source).length
    for (let i = 1; i <= text.length; i++) ids.push([first, size + i, source])
  }
  return updates
}

describe('Units that were put to the right of the same one', () => {
  test('stand where the scan of the rules puts them, in every order of delivery', () => {
    const { width } = sizes
    fc.assert(
      fc.property(
        fc
          .array(insertion, { maxLength: 60, size: 'max' })
          .map(strokesOf)
          .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray([...all], { minLength: all.length }))),
        ([all, shuffled]) => {
          shrink()
          const units = scanned(all)
          const order = units.map(({ id }) => id)
          for (const updates of [all, [...all].reverse(), shuffled]) {
            const state = updates.reduce((held, update) => Text.apply([update])(held).state, Text.empty)
            expect(orderOf(state)).toEqual(order)
            expect(Text.toString(state)).toBe(units.map(({ letter }) => letter).join(''))
            expectSound(state)
          }
          expect(orderOf(Text.apply(shuffled)(Text.empty).state)).toEqual(order)
        },
      ),
      { numRuns: inNetworks(500) },
    )
    sizes.width = width
  })
})

/** How many operations there are before those that are counted. */
type Shape = (n: number, i: number) => Text.Operation

const SHAPES: Readonly<Record<string, Shape>> = {
  'at the start': () => ['+', 'a', 0, 0],
  'behind one unit': (_, i) => ['+', 'a', i === 0 ? 0 : 1, 0],
  'between two units': (_, i) => (i === 0 ? ['+', 'ab', 0, 0] : ['+', 'a', 1, 2]),
  'behind one unit, before two in turns': (_, i) => (i < 3 ? ['+', 'a', 0, i && i - 1] : ['+', 'b', 3, 1 + (i % 2)]),
  'before units each nearer': (n, i) => {
    if (i < n / 2) return ['+', 'a', 0, 0]
    return i === n / 2 ? ['+', 'L', 0, 1] : ['+', 'x', n / 2 + 1, n - i + 1]
  },
  'before units each further': (n, i) => {
    if (i < n / 2) return ['+', 'a', 0, 0]
    return i === n / 2 ? ['+', 'L', 0, 1] : ['+', 'x', n / 2 + 1, i - n / 2]
  },
  'behind units each put behind the one before': (n, i) => ['+', 'a', i < n / 2 ? i : i - n / 2, 0],
  'before units each put before the one before': (n, i) =>
    i < n / 2 ? ['+', 'a', 0, i] : ['+', 'b', 0, i - n / 2 + 1],
  'behind what was put behind a sibling': (n, i) => {
    if (i < n / 4) return ['+', 'a', 0, 0]
    if (i === n / 4) return ['+', 'L', 0, 1]
    return i < n / 2 ? ['+', 'c', i, 0] : ['+', 'x', n / 4 + 1, i - n / 2 + 1]
  },
}

const frozen = (value: unknown): void => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  Object.values(Object.freeze(value)).forEach(frozen)
}

/** A value that counts what is read of the nodes and pieces of its trees. */
const counted = () => {
  let reads = 0
  const wrapped = new WeakMap<object, object>()
  const count = <A>(value: A): A => {
    if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
    const known = wrapped.get(value)
    if (known !== undefined) return known as A
    const proxy = new Proxy(value, {
      get: (target, name) => {
        if (name === 'items' || name === 'keys' || name === 'left') reads++
        return count(Reflect.get(target, name) as unknown)
      },
    })
    wrapped.set(value, proxy)
    return proxy
  }
  return { count, reads: () => reads }
}

describe.each(Object.entries(SHAPES))('Units of one hostile update %s', (_name, shape) => {
  /** What the last 16 of n units cost that are placed one by one. */
  const readsOf = (n: number): number => {
    const operations = Array.from({ length: n }, (_, i) => shape(n, i))
    const updateOf = (count: number): Update<Change> => [[1, ...operations.slice(0, count)], 1 + count, 'eve']
    const updates = Array.from({ length: 17 }, (_, i) => updateOf(n - 16 + i))
    frozen(updates)
    const [first, ...rest] = updates
    let state = Text.apply([first!, ...rest.slice(0, 1)])(Text.empty).state
    let all = 0
    for (const update of rest.slice(1)) {
      Text.toString(state)
      const { count, reads } = counted()
      Text.apply([update])(count(state))
      all += reads()
      state = Text.apply([update])(state).state
    }
    expect(Text.length(state)).toBeGreaterThanOrEqual(n)
    return all
  }

  test('read as little among 4,000 as among 400, but for some levels more', () => {
    const [few, many] = [readsOf(400), readsOf(4000)]
    expect(few).toBeGreaterThan(16)
    expect(many).toBeLessThan(few * 3)
  })
})
