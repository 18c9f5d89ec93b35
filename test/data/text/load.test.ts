/** What `load` makes of saved texts that were damaged. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as Log from '../../../src/core/Log.js'
import { take } from '../../../src/core/receive.js'
import { scuttlebutt, Text, type Replica } from '../../../src/index.js'
import { right } from '../../right.js'
import { inMemory } from '../../runs.js'

const { applyUpdates, change, changeAll, create, digest, history, load, merge, unread } = scuttlebutt(Text)

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
    ['a form that is not known', ['text'], 1],
    ['a log without sources', ['log', 'sources'], GONE],
    ['an update without a stamp', ['log', 'sources', '0', '1'], null],
    ['an update without a change', ['log', 'sources', '0', '2'], GONE],
    ['a timestamp without a change', ['log', 'sources', '0', 'length'], 2],
    ['a source without updates', ['log', 'sources', '0', 'length'], 1],
    ['an update of nobody', ['log', 'sources', '0', '0'], null],
    ['one source twice', ['log', 'sources', '0', '0'], 'ben'],
    ['an update above the newest timestamp', ['clock', 'latest'], 1],
    ['what is no clock', ['clock'], 0],
    ['a clock without a newest timestamp', ['clock', 'latest'], 'x'],
    ['timestamps that are no list', ['clock', 'timestamps'], 7],
    ['a timestamp of nobody', ['clock', 'timestamps', '0', '0'], null],
    ['timestamps out of order', ['clock', 'timestamps', '0', '0'], 'zoe'],
    ['a timestamp above the newest one', ['clock', 'timestamps', '0', '1'], 2 ** 50],
    ['a timestamp that is no number', ['clock', 'timestamps', '0', '1'], 'x'],
    ['a hole in the timestamps', ['clock', 'timestamps', '0'], GONE],
    ['doubt that is no list', ['clock', 'sure'], null],
    ['a floor above the newest timestamp', ['clock', 'floor'], 2 ** 50],
    ['a floor below zero', ['clock', 'floor'], -1],
    ['forks that are no log', ['log', 'forks'], null],
    ['unread updates that are no log', ['log', 'unread'], null],
    ['an id that is a number', ['id'], 5],
    ['a clock without timestamps', ['clock', 'timestamps'], GONE],
    ['a piece of no stroke', ['pieces', '0'], 99],
    ['a stroke with a unit too few', ['pieces', '2'], 1],
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

test('A log is saved with each update once', () => {
  const [, ann] = right(change(Text.insert(0, 'Hi'), 1000)(create('ann')))
  expect(Text.save(ann).log).toEqual({ sources: [['ann', 1000, [0, ['+', 'Hi', 0, 0]]]] })
})

test('Forks and what cannot be read are saved, too', () => {
  const stamp = [fc.integer({ min: 1, max: 40 }), fc.constantFrom('ann', 'ben', 'cy')] as const
  const operation = fc.constantFrom<Text.Operation>(['+', 'x', 0, 0], ['+', 'y', 0, 0], ['?'])
  const readable = fc.tuple(
    operation.map((one): Text.Change => [0, one]),
    ...stamp,
  )
  const unreadable = fc.tuple(fc.constantFrom<unknown>('u', ['v']), ...stamp)
  fc.assert(
    fc.property(
      fc.array(readable, { maxLength: 50, size: 'max' }),
      fc.array(unreadable, { maxLength: 9 }),
      (updates, others) => {
        const { replica } = take(Text, { updates, unread: others }, 'nobody', create('dee'))
        const loaded = right(load(JSON.parse(JSON.stringify(Text.save(replica)))))
        expect(contentsOf(loaded)).toEqual(contentsOf(replica))
        expect(loaded.log.size).toBe(replica.log.size)
        expect(unread(loaded)).toEqual(unread(replica))
        expect(loaded.log.unread?.bytes).toBe(replica.log.unread?.bytes)
        expect(digest(loaded)).toEqual(digest(replica))
        expect(history()(loaded)).toEqual(history()(replica))
      },
    ),
    { numRuns: inMemory(30) },
  )
})

/** All contents of each stamp, in order. */
const contentsOf = (replica: Replica<Text.State, Text.Change>) =>
  Log.all(replica.log).map((update) => Log.contents(update)(replica.log))
