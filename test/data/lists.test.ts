/**
 * What each list type promises about concurrent insertions and removals, against a naive oracle.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scuttlebutt, type Command, type Replica } from '../../src/index.js'
import { inMemory } from '../runs.js'
import { listTypes } from './listTypes.js'

const NOW = 1_795_418_741_399

/**
 * `c` inserts between items of `a`, and on at its own; `a`, who has seen the former, inserts at the
 * same place in the same millisecond. Their keys were once the same.
 */
const BESIDE_A_GUEST: [Step[], boolean] = [
  [
    { at: 0, index: 0, count: 2, isRemoval: false, sync: [0, 1] },
    { at: 0, index: 13, count: 3, isRemoval: false, sync: [1, 2] },
    { at: 2, index: 253, count: 5, isRemoval: false, sync: undefined },
    { at: 1, index: 0, count: 1, isRemoval: false, sync: [2, 0] },
    { at: 2, index: 589, count: 2, isRemoval: false, sync: undefined },
    { at: 0, index: 148, count: 2, isRemoval: false, sync: undefined },
  ],
  true,
]

interface Step {
  readonly at: number
  readonly index: number
  readonly count: number
  readonly isRemoval: boolean
  /** From and to. */
  readonly sync: [number, number] | undefined
}

describe.each(listTypes)('$name', ({ dataType, insert, remove, items, longestRun }) => {
  const { create, change, applyUpdates, history } = scuttlebutt(dataType)
  type List = Replica<unknown, unknown>

  const done = (command: Command<unknown, unknown, unknown>, list: List, now: number): List => {
    const changed = change(command, now)(list)
    if (changed._tag === 'Left') throw new Error(JSON.stringify(changed.left))
    return changed.right[1]
  }

  const peers = ['a', 'b', 'c']
  const at = fc.nat(peers.length - 1)
  const step = fc.record({
    at,
    index: fc.nat(1000),
    count: fc.integer({ min: 1, max: longestRun }),
    isRemoval: fc.boolean(),
    sync: fc.option(fc.tuple(at, at), { nil: undefined }),
  })

  test('loses and doubles no item, keeps runs together, and keeps every order that a replica saw', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), fc.boolean(), (steps, isFrozen) => {
        const lists: List[] = peers.map((id) => create(id))
        const alive = new Set<string>()
        const runs: string[][] = []
        /** Each order of items that a replica saw. The final order must agree with all of them. */
        const seen: (readonly string[])[] = []
        steps.forEach(({ at, index, count: wanted, isRemoval, sync }, i) => {
          const count = Math.min(wanted, longestRun)
          const now = isFrozen ? NOW : NOW + i
          const list = lists[at]!
          const before = items(list.state)
          const place = index % (before.length + 1)
          if (isRemoval && place < before.length) {
            lists[at] = done(remove(place, list.state), list, now)
            alive.delete(before[place]!)
          } else {
            const run = Array.from({ length: count }, (_, j) => `${String(i)}:${String(j)}`)
            lists[at] = done(insert(place, run, list.state), list, now)
            for (const item of run) alive.add(item)
            runs.push(run)
            // the run is at its index, and nothing else moved
            expect(items(lists[at].state)).toEqual([...before.slice(0, place), ...run, ...before.slice(place)])
          }
          seen.push(items(lists[at].state))
          if (sync !== undefined) lists[sync[1]] = applyUpdates(history()(lists[sync[0]]!))(lists[sync[1]]!)
        })
        const all = lists.flatMap((list) => history()(list))
        const [order, ...others] = lists.map((list) => items(applyUpdates(all)(list).state)) as [readonly string[]]
        for (const other of others) expect(other).toEqual(order)
        expect([...order].sort()).toEqual([...alive].sort())
        for (const view of seen) {
          const kept = view.filter((item) => alive.has(item))
          expect(order.filter((item) => kept.includes(item))).toEqual(kept)
        }
        // between items of a run are only items whose author saw the run
        const seenTogether = (a: string, b: string): boolean =>
          seen.some((view) => view.includes(a) && view.includes(b))
        for (const run of runs) {
          const places = run.map((item) => order.indexOf(item)).filter((place) => place >= 0)
          for (const other of order.slice(places[0] ?? 0, places.at(-1) ?? 0)) {
            if (!run.includes(other)) expect(run.some((item) => seenTogether(item, other))).toBe(true)
          }
        }
      }),
      { numRuns: inMemory(3000), examples: [BESIDE_A_GUEST] },
    )
  })
})
