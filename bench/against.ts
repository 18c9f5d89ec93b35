/** Whether this build is slower than another: both are measured in pairs. */
import { isEnough, ownOf, quantile } from './harness.js'
import type { Selected } from './select.js'
import type { Worker } from './worker.js'

/** Odd, so that the median is one of the ratios. */
export const PAIRS = 9
/** For a row that was over the bound: chance alone should not call it slower. */
export const PAIRS_AGAIN = 25

export type Side = 'other' | 'this'

/**
 * What one contestant cost in either build, in two processes that ran in turn.
 * Each cost is the lowest of several runs: other programs only ever add to it.
 */
export interface Pair {
  readonly other: number
  readonly this: number
}

export interface Series {
  readonly pairs: ReadonlyArray<Pair>
  /** Of the pairs' ratios, this build to the other: above 1, this build costs more. */
  readonly median: number
  readonly lowerQuartile: number
  readonly upperQuartile: number
}

/** What is compared: one contestant of one row at one size. */
export interface Subject {
  readonly row: string
  readonly unit: string
  readonly contestant: string
  readonly n: number
}

export interface Comparison {
  readonly first: Series
  /** Only if `first` was over the bound; its median then decides. */
  readonly again?: Series
  readonly isSlower: boolean
}

export type Compared = Subject & (Comparison | { readonly failure: string })

export const subjectsOf = (selected: ReadonlyArray<Selected>): ReadonlyArray<Subject> =>
  selected.flatMap(({ row, sizes }) =>
    sizes.flatMap((n) =>
      ownOf(row)
        .filter((name) => n <= (row.contestants[name]!.most ?? Infinity))
        .map((contestant) => ({ row: row.id, unit: row.unit, contestant, n })),
    ),
  )

/** Equal costs have the ratio 1, zero to zero too. */
const ratioOf = (pair: Pair): number => (pair.this === pair.other ? 1 : pair.this / pair.other)

export const seriesOf = (pairs: ReadonlyArray<Pair>): Series => {
  const ratios = pairs.map(ratioOf)
  return {
    pairs,
    median: quantile(ratios, 0.5),
    lowerQuartile: quantile(ratios, 0.25),
    upperQuartile: quantile(ratios, 0.75),
  }
}

/** The side that runs first changes from run to run, so that a drift favours neither. */
const orders: ReadonlyArray<readonly [Side, Side]> = [
  ['other', 'this'],
  ['this', 'other'],
]

/** Runs both in turn until both have run for long enough. `patience` is in ms for each. */
export const pairOf = async (
  workers: Readonly<Record<Side, Pick<Worker, 'runOnce'>>>,
  patience: number,
): Promise<Pair> => {
  const lowest = { other: Infinity, this: Infinity }
  const spent = { other: 0, this: 0 }
  for (let runs = 0; !isEnough(runs, Math.min(spent.other, spent.this), patience); runs++) {
    for (const side of orders[runs % 2]!) {
      const answer = await workers[side].runOnce()
      lowest[side] = Math.min(lowest[side], answer.cost)
      spent[side] += answer.spent
    }
  }
  return lowest
}

/** Measures few pairs; if their median is over the bound, more of them anew, and these decide. */
export const compare = async (run: (pairs: number) => Promise<Series>, bound: number): Promise<Comparison> => {
  const first = await run(PAIRS)
  if (first.median <= bound) return { first, isSlower: false }
  const again = await run(PAIRS_AGAIN)
  return { first, again, isSlower: again.median > bound }
}

/** 1 if a row is slower, otherwise 2 if a row could not be measured, otherwise 0. */
export const exitCodeOf = (compared: ReadonlyArray<Compared>): number => {
  if (compared.some((one) => 'isSlower' in one && one.isSlower)) return 1
  return compared.some((one) => 'failure' in one) ? 2 : 0
}
