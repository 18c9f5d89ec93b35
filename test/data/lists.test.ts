/**
 * What each list type promises about concurrent insertions and removals, against a naive oracle.
 */
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { Doc, RArray, REdit, scuttlebutt, type Command, type DataType, type Replica } from '../../src/index.js'
import { inMemory } from '../runs.js'

const NOW = 1_795_418_741_399

interface ListType<S, C> {
  readonly name: string
  readonly dataType: DataType<S, C>
  /** Inserts items before an index, by one update. */
  readonly insert: (index: number, items: ReadonlyArray<string>, state: S) => Command<S, C, unknown>
  readonly remove: (index: number, state: S) => Command<S, C, unknown>
  readonly items: (state: S) => ReadonlyArray<string>
  /** The most items that one update may insert. */
  readonly longestRun: number
}

const listType = <S, C>(one: ListType<S, C>): ListType<unknown, unknown> => one as unknown as ListType<unknown, unknown>

const todo = Doc.seq('list', 'todo')

const rowsOf = (state: Doc.State<unknown>): ReadonlyArray<string> => todo.rows(state).map(({ id }) => id)

const linesOf = (state: REdit.State): ReadonlyArray<string> => REdit.lines(state).map((line) => line.replace('\n', ''))

const textOf = (lines: ReadonlyArray<string>): string => lines.map((line) => `${line}\n`).join('')

/** The offset of the i-th line. */
const offsetOf = (state: REdit.State, i: number): number => REdit.lines(state).slice(0, i).join('').length

const listTypes = [
  listType({
    name: 'RArray',
    dataType: RArray.of(t.string),
    insert: (i, items) => RArray.insert(i, ...items),
    remove: (i) => RArray.remove(i),
    items: RArray.toArray,
    longestRun: 5,
  }),
  listType({
    name: 'REdit, by text',
    dataType: REdit,
    insert: (i, items, state) => {
      const lines = linesOf(state)
      return REdit.text(textOf([...lines.slice(0, i), ...items, ...lines.slice(i)]))
    },
    remove: (i, state) => REdit.text(textOf(linesOf(state).filter((_, j) => j !== i))),
    items: linesOf,
    longestRun: 5,
  }),
  listType({
    name: 'REdit, by splice',
    dataType: REdit,
    insert: (i, items, state) => REdit.splice(offsetOf(state, i), 0, textOf(items)),
    remove: (i, state) => REdit.splice(offsetOf(state, i), REdit.lines(state)[i]!.length, ''),
    items: linesOf,
    longestRun: 5,
  }),
  listType({
    name: 'Doc.seq',
    dataType: Doc.of(t.unknown),
    insert: (i, [item], state) => {
      const anchor = rowsOf(state)[i]
      return anchor === undefined ? todo.push({ id: item }) : todo.before({ id: item }, anchor)
    },
    remove: (i, state) => Doc.remove(rowsOf(state)[i]!),
    items: rowsOf,
    longestRun: 1,
  }),
]

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
        steps.forEach(({ at, index, count, isRemoval, sync }, i) => {
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
      { numRuns: inMemory(3000) },
    )
  })
})
