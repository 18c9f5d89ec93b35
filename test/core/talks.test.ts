/** Talks end, whatever type a user makes. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { expect, test } from 'vitest'
import { scuttlebutt, type DataType, type Update } from '../../src/index.js'
import * as Update$ from '../../src/core/Update.js'
import { inMemory } from '../runs.js'

type Write = readonly [key: string, value: number]

type Winners = Readonly<Record<string, Update<Write>>>

/** The last writer of a key wins. A loser changes nothing, and the order does not matter. */
const lastWriterWins = (anyOrder: boolean): DataType<Winners, Write> => ({
  name: 'LastWriterWins',
  change: t.readonly(t.tuple([t.string, t.number])),
  empty: {},
  ...(anyOrder && { anyOrder }),
  apply: (updates) => (before) => {
    const superseded: Update<Write>[] = []
    let state = before
    for (const update of updates) {
      const [[key]] = update
      const held = state[key]
      if (held !== undefined && Update$.before(update, held)) superseded.push(update)
      else {
        if (held !== undefined) superseded.push(held)
        state = { ...state, [key]: update }
      }
    }
    return { state, superseded }
  },
})

const write = fc
  .tuple(fc.constantFrom('a', 'b'), fc.nat(3), fc.nat(1), fc.constantFrom('s', 'q'))
  .map(([key, value, at, source]): Update<Write> => [[key, value], 1 + at, source])

test.each([true, false])('A talk ends although contents of stamps differ, anyOrder: %s', (anyOrder) => {
  const { create, open, reconcile } = scuttlebutt(lastWriterWins(anyOrder))
  const hearing = (id: string, updates: ReadonlyArray<Update<Write>>) =>
    updates.reduce(
      (replica, update) => reconcile({ digest: { id: 'liar', clock: {} }, updates: [update] })(replica)[0],
      create(id),
    )
  fc.assert(
    fc.property(fc.array(write, { maxLength: 4 }), fc.array(write, { maxLength: 4 }), (heard, other) => {
      const replicas = [hearing('one', heard), hearing('two', other)]
      let message = open(replicas[0]!)
      for (let turn = 1; turn < 50; turn++) {
        const [next, answer] = reconcile(message)(replicas[turn % 2]!)
        replicas[turn % 2] = next
        if (answer._tag === 'None') return
        message = answer.value
      }
      expect.fail('it does not end')
    }),
    { numRuns: inMemory(2000, 2) },
  )
})
