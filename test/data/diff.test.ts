/** `diff` of each data type against a naive reading of patches, and its cost. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { Model, scuttlebutt, type Command, type DataType, type Patch, type Replica } from '../../src/index.js'
import { inMemory } from '../runs.js'

const NOW = 1_795_418_741_399

type Json = unknown

/** What a reader of patches does, on a deep copy: nothing of the library. */
const patched = (value: Json, patches: ReadonlyArray<Patch>): Json =>
  patches.reduce((before, patch) => {
    const root = { value: structuredClone(before) } as Record<string | number, unknown>
    const at: ReadonlyArray<string | number> = ['value', ...patch.at]
    let holder = root
    for (const key of at.slice(0, -1)) holder = holder[key] as typeof holder
    const last = at.at(-1)!
    if ('splice' in patch) {
      const list = holder[last] as unknown[]
      expect(list.slice(patch.splice, patch.splice + patch.removed.length)).toEqual(patch.removed)
      list.splice(patch.splice, patch.removed.length, ...patch.inserted)
    } else {
      expect(Object.hasOwn(holder, last) ? holder[last] : undefined).toEqual(patch.before)
      if (!('after' in patch)) Reflect.deleteProperty(holder, last)
      else
        Object.defineProperty(holder, last, {
          value: patch.after,
          configurable: true,
          enumerable: true,
          writable: true,
        })
    }
    return root['value']
  }, value)

interface Subject<S, C> {
  readonly name: string
  readonly dataType: DataType<S, C>
  readonly command: fc.Arbitrary<Command<S, C, unknown>>
  /** What the patches are of. */
  readonly shown: (state: S) => Json
}

const subject = <S, C>(one: Subject<S, C>): Subject<unknown, unknown> => one as unknown as Subject<unknown, unknown>

const key = fc.constantFrom('a', 'b', 'c', '', '__proto__', 'constructor', 'd')
const value = fc.constantFrom<unknown>(1, 2, 'x', { y: [1] }, { y: [1] }, [])

const subjects = [
  subject({
    name: 'Model',
    dataType: Model.of(t.unknown),
    command: fc.oneof(
      fc.tuple(key, value).map(([k, v]) => Model.set(k, v)),
      key.map((k) => Model.remove(k)),
    ),
    shown: Model.toJSON,
  }),
]

/** Two authors write, and one hears of the other now and then. All versions of the first. */
const versionsOf = (
  { dataType }: Subject<unknown, unknown>,
  steps: ReadonlyArray<readonly [command: Command<unknown, unknown, unknown>, by: 0 | 1 | 2]>,
): ReadonlyArray<Replica<unknown, unknown>> => {
  const { create, change, merge } = scuttlebutt(dataType)
  let [ann, ben] = [create('ann'), create('ben')]
  const versions = [ann]
  for (const [command, by] of steps) {
    if (by === 2) {
      ;[ann, ben] = [merge(ben)(ann), merge(ann)(ben)]
    } else {
      const made = change(command, NOW)(by === 0 ? ann : ben)
      if (made._tag === 'Left') continue
      if (by === 0) ann = made.right[1]
      else ben = made.right[1]
    }
    versions.push(ann)
  }
  return [...versions, ben]
}

describe.each(subjects)('diff of $name', (one) => {
  const { dataType, command, shown } = one
  const { diff, applyUpdates, history, create } = scuttlebutt(dataType)
  const by = fc.constantFrom<(0 | 1 | 2)[]>(0, 0, 0, 1, 1, 2)
  const versions = fc.array(fc.tuple(command, by), { maxLength: 40 }).map((steps) => versionsOf(one, steps))
  const pair = fc
    .tuple(versions, fc.nat(), fc.nat())
    .map(([all, i, j]) => [all[i % all.length]!, all[j % all.length]!] as const)

  test('leads from one version to another, older or newer', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        expect(patched(shown(a.state), diff(a)(b))).toEqual(shown(b.state))
      }),
      { numRuns: inMemory(1000, subjects.length) },
    )
  })

  test('is empty just if both show the same', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const isSame = JSON.stringify(shown(a.state)) === JSON.stringify(shown(b.state))
        expect(diff(a)(b).length === 0).toBe(isSame)
      }),
      { numRuns: inMemory(1000, subjects.length) },
    )
  })

  test('does not need a common past', () => {
    fc.assert(
      fc.property(pair, versions, ([a, b], others) => {
        const again = applyUpdates(history()(b))(create('zoe'))
        expect(diff(b)(again)).toEqual([])
        expect(patched(shown(a.state), diff(a)(again))).toEqual(shown(b.state))
        const other = others.at(-1)!
        expect(patched(shown(a.state), diff(a)(other))).toEqual(shown(other.state))
      }),
      { numRuns: inMemory(500, subjects.length) },
    )
  })
})
