/** What replicas show is compared quickly, whatever its shape, or is told to be too large. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import * as Json from '../../src/core/Json.js'
import { Model } from '../../src/index.js'
import { check, checkDataType, states } from '../../src/laws/index.js'
import { isJson, sameValue, view } from '../../src/laws/model/show.js'
import { found } from './outcome.js'

/** Objects that refer to each other, or hold a number in many places. */
type Shape = (n: number) => { readonly n: number }

const itself: Shape = (n) => {
  const value: { readonly n: number; self?: unknown } = { n }
  value.self = value
  return value
}

const withParents: Shape = (n) => {
  const root: { readonly n: number; readonly children: unknown[] } = { n, children: [] }
  for (let i = 0; i < 9; i++) root.children.push({ i, parent: root })
  return root
}

const ring: Shape = (n) => {
  const links = Array.from({ length: 12 }, (_, i): { n: number; next?: unknown; last?: unknown } => ({ n: n + i }))
  for (const [i, one] of links.entries()) Object.assign(one, { next: links[(i + 1) % 12], last: links[(i + 11) % 12] })
  return links[0]!
}

const ofMaps: Shape = (n) => {
  const map = new Map<unknown, unknown>([['n', n]])
  map.set(map, new Set([map]))
  return Object.assign(map, { n })
}

/** Each knows each: written out, they are more than all atoms. */
const friends: Shape = (n) => {
  const people = Array.from({ length: 60 }, (): { readonly n: number; friends?: unknown } => ({ n }))
  for (const one of people) Object.assign(one, { friends: [...people] })
  return people[0]!
}

/** 2 to the power of 40 places. */
const doubled: Shape = (n) => {
  let value: unknown = { n }
  for (let i = 0; i < 40; i++) value = { left: value, right: value }
  return Object.assign(value as object, { n })
}

/** The greatest wins, or the last to arrive. */
const typeOf = (of: Shape, join: (a: number, b: number) => number) =>
  states<{ readonly n: number }, number>({
    empty: of(0),
    command: fc.nat(3),
    mutate: (n) => (held) => of(Math.max(n, held.n)),
    merge: (other) => (held) => of(join(other.n, held.n)),
  })

const brief = { seed: 1, runs: 15, shrinkTime: 100 } as const

describe('States without `show`', () => {
  test.each([
    ['that have themselves as a part', itself],
    ['of parts that know what they are in', withParents],
    ['that are a ring', ring],
    ['of Maps and Sets that hold each other', ofMaps],
  ] as const)('%s are judged in the time of others', (_, of) => {
    expect(check(typeOf(of, Math.max), brief)._tag).toBe('Right')
    expect(
      found(
        check(
          typeOf(of, (n) => n),
          brief,
        ),
      ).law.verdict,
    ).toBe('diverged')
  })

  test.each([
    ['in which each knows each', friends],
    ['that hold one object in many places', doubled],
  ] as const)('%s are told to be too large to compare', (_, of) => {
    const { law, why, remedy } = found(check(typeOf(of, Math.max), { ...brief, runs: 3 }))
    const says = '`show` gave more than 100,000 objects, counting one in each place where it is'
    expect([law.name, why]).toEqual(['total', says])
    expect(remedy).toMatch(/^`show` must return what users see, as plain data/)
    expect(check(states({ ...numbers, show: (n) => ({ n }) }), brief)._tag).toBe('Right')
  })

  test('that are large and plain are not', () => {
    const list = (n: number) =>
      Object.assign(
        Array.from({ length: 50_000 }, (_, i) => [i, n]),
        { n },
      )
    expect(view(list(1))).not.toBe(view(list(2)))
    expect(sameValue(list(1), list(2))).toBe(false)
  })
})

const max = (n: number) => (held: number) => Math.max(n, held)
const numbers = { empty: 0, command: fc.nat(3), mutate: max, merge: max }

test('a data type whose `toJSON` gives too much is told so by that name', () => {
  const change = fc.tuple(fc.constantFrom('x'), fc.nat(3))
  const { why } = found(checkDataType(Model.of(t.number), { ...brief, runs: 3, change, toJSON: () => doubled(1) }))
  expect(why).toMatch(/^`toJSON` gave more than 100,000 objects/)
})

test.each([itself, withParents, ring, ofMaps, doubled])(
  'what a command breaks is told, whatever its shape (%#)',
  (of) => {
    const command = fc.nat(3).map(of)
    const last = states({
      ...numbers,
      command,
      mutate:
        ({ n }) =>
        () =>
          n,
      merge: (n) => () => n,
    })
    const { law, program, format } = found(check(last, { ...brief, runs: 10 }))
    expect([law.verdict, program]).toEqual(['diverged', undefined])
    expect(format()).toContain('its commands cannot be written as text: run it again with seed and path')
    const type = states({ ...numbers, command, mutate: () => () => fail() })
    expect(found(check(type, { ...brief, runs: 2 })).why).toMatch(/threw Error: no$/)
  },
)

test('a `show` that throws for the first state is told', () => {
  const { law, why } = found(
    check(states({ ...numbers, empty: { n: 0 }, merge: () => (n) => n, mutate: () => (n) => n, show: fail }), brief),
  )
  expect([law.name, why]).toEqual(['total', 'it threw Error: no'])
})

const fail = (): never => {
  throw new Error('no')
}

/** As few values as may be alike. */
const alike = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(0, -0, 1, NaN, '', 'a', null, true, undefined, 1n),
    fc.array(tie('value'), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), tie('value'), { maxKeys: 2 }),
    fc.array(tie('value'), { maxLength: 1 }).map((members) => new Set(members)),
    fc.constant([, 1]),
  ),
})).value

/** By copies and texts of the core, or else as they are printed. */
const sameByText = (a: unknown, b: unknown): boolean => {
  const [x, y] = [Json.copy(a, 10), Json.copy(b, 10)]
  if (x instanceof Json.Unfit || y instanceof Json.Unfit) return view(a) === view(b)
  // members that are undefined count
  return view(a) === view(b) || (Json.canonical(x) === Json.canonical(y) && Json.equals(a, b))
}

test('two values are the same as their texts are, and JSON whatever the order of its members', () => {
  fc.assert(
    fc.property(alike, alike, (a, b) => {
      expect(sameValue(a, b)).toBe(sameByText(a, b))
      expect(sameValue(a, structuredClone(a))).toBe(sameByText(a, structuredClone(a)))
      expect(isJson(a)).toBe(!(Json.copy(a, 10) instanceof Json.Unfit))
    }),
  )
})
