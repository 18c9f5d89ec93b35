/** What no type allows, and plain JavaScript still gives. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scuttlebutt, Text } from '../../../src/index.js'
import { right } from '../../right.js'
import { inMemory } from '../../runs.js'

const { change, create } = scuttlebutt(Text)

const pad = right(change(Text.insert(0, 'abc'), 1000)(create('ann')))[1]

const { edit, insert, mark, text, unmark } = Text as unknown as Record<string, (...args: unknown[]) => Text.Command>

describe('A command', () => {
  test.each<readonly [string, Text.Command]>([
    ['no text', insert!(0)],
    ['null for a text', insert!(0, null)],
    ['a number for a text', insert!(0, 5)],
    ['no whole text', text!(undefined)],
    ['null for edits', edit!(null)],
    ['an edit without a text', edit!([{ from: 0, to: 0 }])],
    ['null for an edit', edit!([null])],
    ['a number for a key', mark!(0, 1, 5, 1)],
    ['no key', unmark!(0, 1)],
    ['no value', mark!(0, 1, 'k')],
    ['null for options', mark!(0, 1, 'k', 1, null)],
  ])('is an `InvalidChange` with %s', (_, command) => {
    expect(change(command, 2000)(pad)).toMatchObject({ _tag: 'Left', left: { _tag: 'InvalidChange' } })
  })
})

describe('A cursor', () => {
  test('that is none has no offset, whatever JSON it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.jsonValue(), fc.array(fc.oneof(fc.integer(), fc.string(), fc.constant('ann')))),
        (json) => {
          expect(['None', 'Some']).toContain(Text.offsetOf(json as unknown as Text.Cursor)(pad.state)._tag)
        },
      ),
      { numRuns: inMemory(500) },
    )
    for (const json of [null, undefined, 5, [], [1, 2, 3], [0, 5], [1000, 0, 'ann', 1], [1000, 1, 'ann', 2]]) {
      expect(Text.offsetOf(json as unknown as Text.Cursor)(pad.state)).toEqual({ _tag: 'None' })
    }
  })

  test('beyond the text is at its edge, and of no number at the start', () => {
    const at = (offset: unknown) => Text.cursorAt(offset as number, 1)(pad.state)
    expect([NaN, -5, 'x'].map(at)).toEqual([at(0), at(0), at(0)])
    expect(at(99)).toEqual([0, 1])
  })
})
