import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as t from 'io-ts'
import { Model, scuttlebutt, Text, type Replica } from '../../../src/index.js'
import { right } from '../../right.js'
import { inMemory } from '../../runs.js'
import { expectSound, orderOf, shrink } from './invariants.js'

shrink()

const { create, change, history, applyUpdates, digest, load, merge } = scuttlebutt(Text)

type Pad = Replica<Text.State, Text.Change>

const step = fc.tuple(fc.boolean(), fc.nat(20), fc.nat(3), fc.constantFrom('', 'a', 'bcd', '😀'), fc.nat(4))

const madeBy = (steps: ReadonlyArray<readonly [boolean, number, number, string, number]>): readonly [Pad, Pad] => {
  let [a, b] = [create('ann'), create('ben')]
  const does = (pad: Pad, command: Text.Command): Pad => {
    const changed = change(command, 1000)(pad)
    return changed._tag === 'Left' ? pad : changed.right[1]
  }
  for (const [isBen, at, many, insert, kind] of steps) {
    const pad = isBen ? b : a
    const size = Text.length(pad.state)
    const from = at % (size + 1)
    const count = Math.min(many, size - from)
    let next = pad
    if (kind === 0) next = merge(isBen ? a : b)(pad)
    else if (kind === 1) next = does(pad, Text.mark(from, from + count, 'bold', true))
    else if (kind === 2) next = right(change([0, ['+', insert + 'z', [7, 7, 'nobody'], 0]], 1000)(pad))[1]
    else next = does(pad, Text.splice(from, count, insert))
    if (isBen) b = next
    else a = next
  }
  return [a, b]
}

test('A replica that is saved and loaded is the same, and goes on as it does', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30, size: 'max' }), fc.array(step, { maxLength: 5 }), (steps, more) => {
      const [pad, other] = madeBy(steps)
      const loaded = right(load(JSON.parse(JSON.stringify(Text.save(pad)))))
      expect(Text.getEq().equals(loaded.state, pad.state)).toBe(true)
      expect(orderOf(loaded.state)).toEqual(orderOf(pad.state))
      expect(Text.spans(loaded.state)).toEqual(Text.spans(pad.state))
      expect(Text.pending(loaded.state)).toEqual(Text.pending(pad.state))
      expect(digest(loaded)).toEqual(digest(pad))
      expect(history()(loaded)).toEqual(history()(pad))
      expectSound(loaded.state)
      let [a, b] = [merge(other)(loaded), merge(other)(pad)]
      expect(orderOf(a.state)).toEqual(orderOf(b.state))
      for (const [, at, , insert] of more) {
        const offset = at % (Text.length(a.state) + 1)
        const changed = change(Text.insert(offset, insert), 2000)(a)
        if (changed._tag === 'Left') continue
        a = changed.right[1]
        b = applyUpdates([changed.right[0]])(b)
        expect(Text.toString(a.state)).toBe(Text.toString(b.state))
        expectSound(a.state)
      }
    }),
    { numRuns: inMemory(500) },
  )
})

test('What is not saved by it is refused, and never throws', () => {
  const [pad] = madeBy([
    [false, 0, 0, 'abc', 3],
    [false, 1, 1, 'x', 3],
  ])
  const saved = JSON.parse(JSON.stringify(Text.save(pad))) as Text.Saved
  const refused = (json: unknown): void => {
    expect(load(json)).toMatchObject({ _tag: 'Left', left: { _tag: 'NotSaved' } })
  }
  for (const json of [null, 1, {}, [], { text: 1 }, { text: 2 }]) refused(json)
  refused({ ...saved, pieces: saved.pieces.slice(6) })
  refused({ ...saved, pieces: [...saved.pieces, ...saved.pieces] })
  refused({ ...saved, pieces: [...saved.pieces, 0, 9, 1, 0, 0, 0] })
  refused({ ...saved, pieces: saved.pieces.map((n) => n + 1) })
  refused({ ...saved, pieces: [9, 1, 1, 0, -1, -2] })
  fc.assert(
    fc.property(fc.nat(), fc.double(), (at, value) => {
      const pieces = [...saved.pieces]
      pieces[at % pieces.length] = value
      const loaded = load({ ...saved, pieces })
      if (loaded._tag === 'Right')
        expect(Text.toString(loaded.right.state).length).toBe(Text.length(loaded.right.state))
    }),
    { numRuns: inMemory(300) },
  )
})

test('A loaded text has the limits of its type, and types without a saved form load nothing', () => {
  const [pad] = madeBy([[false, 0, 0, 'abc', 3]])
  const saved: unknown = JSON.parse(JSON.stringify(Text.save(pad)))
  const single = scuttlebutt(Text.of({ units: 0 }))
  let replica = right(single.load(saved))
  for (const at of [3, 4]) replica = right(single.change(Text.insert(at, 'x'), 2000)(replica))[1]
  expect(history()(replica)).toHaveLength(3)
  expect(scuttlebutt(Model.of(t.number)).load(saved)).toMatchObject({ _tag: 'Left', left: { _tag: 'NotSaved' } })
})

test('A stroke of 20,000 insertions is loaded in time: to walk them for each of its pieces would be 400 million', () => {
  const count = 20_000
  const many = Array.from({ length: count }, (): Text.Operation => ['+', 'a', 0, 0])
  const pad = applyUpdates([[[0, ...many], 1, 'liar']])(create('ann'))
  expect(Text.length(right(load(JSON.parse(JSON.stringify(Text.save(pad))))).state)).toBe(count)
})
