/** What `load` makes of saved texts that were damaged. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scuttlebutt, Text, type Replica } from '../../../src/index.js'
import { right } from '../../right.js'
import { inMemory } from '../../runs.js'

const { applyUpdates, change, changeAll, create, digest, history, load, merge } = scuttlebutt(Text)

type Json = Record<string, unknown>

/** A text of two sources, with a mark, a fork, a hole and what cannot be read. */
const pad = ((): Replica<Text.State, Text.Change> => {
  const commands = Array.from({ length: 40 }, (_, i) => Text.insert(0, `word ${String(i)} `))
  const [, typed] = right(changeAll([...commands, Text.mark(1, 3, 'bold', true)], 1000)(create('ann')))
  const forked = [
    [[0, ['+', 'x', 0, 0]], 9000, 'ben'],
    [[0, ['+', 'y', 0, 0]], 9000, 'ben'],
    [[0, ['+', 'z', [9999, 1, 'cy'], 0]], 9001, 'ben'],
  ] as const
  return applyUpdates(forked as never)(typed)
})()

const saved = (): Json => JSON.parse(JSON.stringify(Text.save(pad))) as Json

/** All places in JSON. */
const placesIn = (value: unknown, place: ReadonlyArray<string> = []): ReadonlyArray<ReadonlyArray<string>> =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([key, member]) => [[...place, key], ...placesIn(member, [...place, key])])

const places = placesIn(saved())

/** Stands for no value. */
const GONE = Symbol('gone')

const put = (json: Json, place: ReadonlyArray<string>, value: unknown): void => {
  const inner = place.slice(0, -1).reduce((at, key) => at[key] as Json, json)
  if (value === GONE) Reflect.deleteProperty(inner, place.at(-1)!)
  else inner[place.at(-1)!] = value
}

const goesOn = (loaded: Replica<Text.State, Text.Change>): void => {
  expect(typeof loaded.id).toBe('string')
  expect(change(Text.insert(0, 'on'), 20_000)(loaded)._tag).toBe('Right')
  digest(loaded)
  history()(loaded)
  expect(
    Text.spans(loaded.state)
      .map(({ insert }) => insert)
      .join(''),
  ).toBe(Text.toString(loaded.state))
  applyUpdates([[[0, ['+', 'on', 0, 0]], 30_000, 'dee']])(loaded)
  merge(pad)(loaded)
  merge(loaded)(pad)
}

const isRefusedOrGoesOn = (json: unknown): void => {
  const loaded = load(json)
  if (loaded._tag === 'Left') expect(loaded.left._tag).toBe('NotSaved')
  else goesOn(loaded.right)
}

describe('What was saved and damaged', () => {
  const junk = fc.constantFrom<unknown>(GONE, 1e9, 2 ** 53, -1, 0.5, null, 'x', [], {}, true)
  test('is `NotSaved`, or a replica that goes on', () => {
    fc.assert(
      fc.property(fc.constantFrom(...places), junk, (place, value) => {
        const json = saved()
        put(json, place, value)
        isRefusedOrGoesOn(json)
      }),
      { numRuns: inMemory(3000) },
    )
  })

  test('in one byte, too', () => {
    const file = JSON.stringify(Text.save(pad))
    fc.assert(
      fc.property(
        fc.nat(file.length - 1),
        fc.constantFrom('0', '1', '9', '-', '.', '"', '[', ']', '{', ',', 'x', ':'),
        (at, byte) => {
          let json: unknown
          try {
            json = JSON.parse(file.slice(0, at) + byte + file.slice(at + 1))
          } catch {
            return
          }
          isRefusedOrGoesOn(json)
        },
      ),
      { numRuns: inMemory(3000) },
    )
  })

  test.each<readonly [string, string[], unknown]>([
    ['a node that says it holds 1e9', ['log', 'updatesBySource', 'root', 'items', '0', 'older', 'root', 'size'], 1e9],
    ['a log that says it holds none', ['log', 'size'], -1],
    ['no clock', ['clock'], 0],
    ['no newest timestamp', ['clock', 'latest'], 'x'],
    ['timestamps without nodes', ['clock', 'timestamps', 'root', 'items'], 7],
    ['an id that is a number', ['id'], 5],
    ['no timestamps', ['clock', 'timestamps'], GONE],
    ['an update without a stamp', ['log', 'updatesBySource', 'root', 'items', '0', 'newest', '0', '1'], GONE],
    ['an update of nobody', ['log', 'updatesBySource', 'root', 'items', '0', 'newest', '0', '2'], null],
    ['no pieces', ['pieces'], []],
  ])('is `NotSaved`: %s', (_, place, value) => {
    const json = saved()
    put(json, place, value)
    expect(load(json)).toMatchObject({ left: { _tag: 'NotSaved' } })
  })

  test('whole, goes on', () => {
    goesOn(right(load(saved())))
  })
})
