/** The marks of text that is typed where others end, and letters were deleted or reverted. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scuttlebutt, Text, type Replica } from '../../../src/index.js'
import { right } from '../../right.js'
import { inMemory } from '../../runs.js'
import { shrink } from './invariants.js'

shrink()

type Pad = Replica<Text.State, Text.Change>

const { change, create, merge } = scuttlebutt(Text)

let time = 1000

const changed = (pad: Pad, command: Text.Command): Pad => right(change(command, time++)(pad))[1]

const padOf = (...commands: ReadonlyArray<Text.Command>): Pad => commands.reduce(changed, create('ann'))

/** The attributes of each letter. */
const letters = ({ state }: Pad): ReadonlyArray<unknown> =>
  Text.spans(state).flatMap(({ insert, attributes }) => insert.split('').map(() => attributes))

const typedAt = (pad: Pad, offset: number): unknown => letters(changed(pad, Text.insert(offset, 'X')))[offset]

const link = (from: number, to: number): Text.Command => Text.mark(from, to, 'link', 'u', { grows: false })
const bold = (from: number, to: number): Text.Command => Text.mark(from, to, 'bold', true)
const ab = Text.insert(0, 'abcd')

describe('What is typed behind what is left of a mark', () => {
  test.each<readonly [string, ReadonlyArray<Text.Command>, number, unknown]>([
    ['a link whose last letter is gone', [ab, link(0, 2), Text.remove(1, 1)], 1, {}],
    ['a link whose last letter and the next are gone', [ab, link(0, 2), Text.remove(1, 2)], 1, {}],
    ['a link at the end of the text', [ab, link(0, 4), Text.remove(3, 1)], 3, {}],
    ['a link whose letters went one by one', [ab, link(1, 4), Text.remove(3, 1), Text.remove(2, 1)], 2, {}],
    ['bold whose last letter is gone', [ab, bold(0, 2), Text.remove(1, 1)], 1, { bold: true }],
    ['bold, where the next letter is gone', [ab, bold(0, 2), Text.remove(2, 1)], 2, { bold: true }],
    ['a bold link whose last letter is gone', [ab, bold(0, 1), link(0, 2), Text.remove(1, 1)], 1, { bold: true }],
    ['bold that is all gone', [ab, bold(1, 3), Text.remove(1, 2)], 1, {}],
  ])('has the marks that belong there: %s', (_, commands, offset, attributes) => {
    const pad = padOf(...commands)
    expect(typedAt(pad, offset)).toEqual(attributes)
    expect(letters(merge(changed(pad, Text.insert(offset, 'XY')))(create('ben')))[offset + 1]).toEqual(attributes)
  })

  test('is in no link if it takes the place of its last letter', () => {
    expect(letters(padOf(ab, link(0, 2), Text.splice(1, 1, 'X')))).toEqual([{ link: 'u' }, {}, {}, {}])
    expect(letters(padOf(ab, link(0, 2), Text.text('aXYcd')))).toEqual([{ link: 'u' }, {}, {}, {}, {}])
  })
})

const offset = fc.nat(5)
const step = fc.oneof(
  fc.tuple(offset, fc.constantFrom('x', 'yz')).map(
    ([at, text]) =>
      (size: number) =>
        Text.insert(at % (size + 1), text),
  ),
  fc.tuple(offset, fc.nat(2)).map(([at, many]) => (size: number) => {
    const from = at % (size + 1)
    return Text.remove(from, Math.min(many, size - from))
  }),
  fc
    .tuple(offset, offset, fc.constantFrom('x', 'y', null), fc.boolean())
    .map(([one, other, value, grows]) => (size: number) => {
      const [from, to] = [one, other].map((at) => at % (size + 1)).sort() as [number, number]
      return Text.mark(from, to, 'key', value, { grows })
    }),
)

const madeOf = (steps: ReadonlyArray<(size: number) => Text.Command>): ReadonlyArray<Pad> => {
  const versions = [padOf(Text.insert(0, 'abc'))]
  for (const one of steps) versions.push(changed(versions.at(-1)!, one(Text.length(versions.at(-1)!.state))))
  return versions
}

describe('A text with marks', () => {
  test('is after a revert as the version reverted to, also for what is typed then', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 4 }), fc.nat(4), (steps, chosen) => {
        const versions = madeOf(steps)
        const [now, old] = [versions.at(-1)!, versions[chosen % versions.length]!]
        const back = changed(now, Text.revert(old.state, now.state))
        expect(letters(back)).toEqual(letters(old))
        for (let at = 0; at <= Text.length(old.state); at++) expect(typedAt(back, at)).toEqual(typedAt(old, at))
      }),
      { numRuns: inMemory(500) },
    )
  })

  test('gives what is typed the marks at its place, as counted from their ends', () => {
    const value = ({ state }: Pad, at: number): unknown => {
      const ops = state.doc.marks
      let newest: unknown = null
      const visit = (node: typeof ops.root): void => {
        if (!node.leaf) node.items.forEach(visit)
        else {
          for (const [, from, to, , said, age] of node.items as unknown as [
            string,
            Text.Cursor,
            Text.Cursor,
            string,
            unknown,
            unknown,
          ][]) {
            expect(age).toBeUndefined()
            const [start, end] = [from, to].map((one) => Text.offsetOf(one)(state)) as unknown as [
              { value: number },
              { value: number },
            ]
            const isIn = start.value < at || (start.value === at && from.at(-1) === -1)
            if (isIn && (end.value > at || (end.value === at && to.at(-1) === 1))) newest = said
          }
        }
      }
      visit(ops.root)
      return newest
    }
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), offset, (steps, at) => {
        const pad = madeOf(steps).at(-1)!
        const place = at % (Text.length(pad.state) + 1)
        const wanted = value(pad, place)
        expect(typedAt(pad, place)).toEqual(wanted === null ? {} : { key: wanted })
      }),
      { numRuns: inMemory(500) },
    )
  })

  test('is reverted in time: 10,000 marks apart, and 5,000 on top of each other, were minutes', () => {
    const many = 10_000
    const base = padOf(Text.insert(0, 'x'.repeat(3 * many)))
    const first = base.clock.latest
    const apart = (i: number): Text.Operation => [
      '*',
      [first, 3 * i + 1, 'ann', 1],
      [first, 3 * i + 3, 'ann', 1],
      'b',
      1,
    ]
    const nested = (i: number): Text.Operation => [
      '*',
      [first, i + 1, 'ann', 1],
      [first, 3 * many - i, 'ann', 1],
      'd',
      i,
    ]
    for (const marks of [
      Array.from({ length: many }, (_, i) => apart(i)),
      Array.from({ length: many / 2 }, (_, i) => nested(i)),
    ]) {
      const pad = scuttlebutt(Text).applyUpdates([[[0, ...marks], first + 1, 'ben']])(base)
      const state = Text.own([
        right(Text.revert(base.state, pad.state)(pad.state, { timestamp: first + 2, source: 'ann' })),
        first + 2,
        'ann',
      ])(pad.state).state
      expect(Text.spans(state)).toHaveLength(1)
    }
  })
})
