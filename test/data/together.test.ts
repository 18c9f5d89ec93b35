/**
 * What was written together stays together: each list type against an oracle that knows who wrote
 * which item right beside which, and who had seen what.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scuttlebutt, type Command, type Replica } from '../../src/index.js'
import { inNetworks } from '../runs.js'
import { listTypes } from './listTypes.js'

const NOW = 1_795_418_741_399

type List = Replica<unknown, unknown>

/** An author's move: writes items one by one, or removes some, or hears from another author. */
type Step =
  | {
      readonly _tag: 'write'
      readonly by: number
      readonly from: number
      readonly back: boolean
      readonly count: number
    }
  | { readonly _tag: 'write on'; readonly by: number; readonly back: boolean; readonly count: number }
  | { readonly _tag: 'remove'; readonly by: number; readonly from: number; readonly count: number }
  | { readonly _tag: 'hear'; readonly by: number; readonly from: number }

const stepsOf = (authors: number, longest: number): fc.Arbitrary<ReadonlyArray<Step>> => {
  const by = fc.nat(authors - 1)
  const from = fc.nat(1000)
  const back = fc.boolean()
  const count = fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 4 }) }, fc.integer({ min: 1, max: longest }))
  const step = fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({ _tag: fc.constant('write'), by, from, back, count }),
    fc.record({ _tag: fc.constant('write on'), by, back, count }),
    fc.record({ _tag: fc.constant('write on'), by, back, count }),
    fc.record({ _tag: fc.constant('remove'), by, from, count: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ _tag: fc.constant('hear'), by, from: by }),
  )
  return fc.array(step, { minLength: 2, maxLength: 24 })
}

/** Two items that one author wrote, one after the other and side by side. */
interface Pair {
  readonly first: string
  readonly second: string
}

describe.each(listTypes)('$name', ({ dataType, insert, remove, items }) => {
  const { create, change, applyUpdates, history } = scuttlebutt(dataType)

  const done = (command: Command<unknown, unknown, unknown>, list: List): List => {
    const changed = change(command, NOW)(list)
    if (changed._tag === 'Left') throw new Error(JSON.stringify(changed.left))
    return changed.right[1]
  }

  const hear = (from: List, to: List): List => applyUpdates(history()(from))(to)

  /** The final order, and what is within a pair and by somebody who had seen neither. */
  const played = (authors: number, steps: ReadonlyArray<Step>) => {
    let common: List = create('common')
    for (let i = 0; i < 3; i++) common = done(insert(i, [`common:${String(i)}`], common.state), common)
    const lists = Array.from({ length: authors }, (_, i): List => ({ ...common, id: `author ${String(i)}` }))
    const seen = lists.map(() => new Set<string>())
    const pairs: Pair[] = []
    const seenBy = new Map<string, ReadonlySet<string>>()
    const last: (string | undefined)[] = []
    const write = (by: number, at: number, beside: string | undefined): string => {
      const item = `${String(by)}:${String(seenBy.size)}`
      lists[by] = done(insert(at, [item], lists[by]!.state), lists[by]!)
      seenBy.set(item, new Set(seen[by]))
      seen[by]!.add(item)
      if (beside !== undefined) pairs.push({ first: beside, second: item })
      return item
    }
    for (const step of steps) {
      const { by } = step
      const now = items(lists[by]!.state)
      if (step._tag === 'hear') {
        lists[by] = hear(lists[step.from]!, lists[by]!)
        for (const item of seen[step.from]!) seen[by]!.add(item)
      } else if (step._tag === 'remove') {
        const from = step.from % Math.max(now.length, 1)
        for (let i = Math.min(step.count, now.length - from); i > 0; i--) {
          lists[by] = done(remove(from, lists[by]!.state), lists[by]!)
        }
      } else {
        const place = step._tag === 'write' ? -1 : now.indexOf(last[by] ?? '')
        let at = place < 0 ? ('from' in step ? step.from : 0) % (now.length + 1) : place + (step.back ? 0 : 1)
        let beside = place < 0 ? undefined : last[by]
        for (let i = 0; i < step.count; i++) {
          beside = write(by, at, beside)
          if (!step.back) at++
        }
        last[by] = beside
      }
    }
    const all = lists.flatMap((list) => history()(list))
    const [order, ...others] = lists.map((list) => items(applyUpdates(all)(list).state)) as [readonly string[]]
    const strangers = pairs.flatMap(({ first, second }) => {
      const places = [order.indexOf(first), order.indexOf(second)].sort((a, b) => a - b) as [number, number]
      if (places[0] < 0) return []
      const author = first.split(':')[0]
      return order.slice(places[0] + 1, places[1]).flatMap((item) => {
        const saw = seenBy.get(item)
        const isKnown = item.split(':')[0] === author || saw?.has(first) === true || saw?.has(second) === true
        return isKnown ? [] : [`${item} between ${first} and ${second}`]
      })
    })
    return { order, others, strangers }
  }

  test.each([2, 3, 4])('keeps together what each of %i authors writes item by item', (authors) => {
    fc.assert(
      fc.property(stepsOf(authors, 12), (steps) => {
        const { order, others, strangers } = played(authors, steps)
        for (const other of others) expect(other).toEqual(order)
        expect(strangers).toEqual([])
      }),
      { numRuns: inNetworks(60, listTypes.length) },
    )
  })

  test.each([false, true])('keeps long runs whole, each in one direction: %s', (back) => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 2, maxLength: 4 }),
        fc.nat(3),
        (lengths, from) => {
          const steps = lengths.map((count, by): Step => ({ _tag: 'write', by, from, back, count }))
          const { order, strangers } = played(lengths.length, steps)
          expect(strangers).toEqual([])
          const authors = order.map((item) => item.split(':')[0])
          const starts = authors.filter((author, i) => author !== 'common' && author !== authors[i - 1])
          expect(starts).toHaveLength(lengths.length)
        },
      ),
      { numRuns: inNetworks(30, listTypes.length) },
    )
  })
})
