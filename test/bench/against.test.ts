import { describe, expect, it } from 'vitest'
import {
  compare,
  exitCodeOf,
  pairOf,
  PAIRS,
  PAIRS_AGAIN,
  seriesOf,
  subjectsOf,
  type Series,
  type Side,
} from '../../bench/against.js'
import type { Row } from '../../bench/harness.js'
import { select } from '../../bench/select.js'

const pairs = (...costs: ReadonlyArray<readonly [other: number, current: number]>) =>
  costs.map(([other, current]) => ({ other, this: current }))

describe('the ratio of a series', () => {
  it('is the median of the ratios of the pairs, not the ratio of the medians', () => {
    // ratios 3, 1.1 and 0.5; the medians of either side are 20 and 10
    expect(seriesOf(pairs([10, 30], [20, 22], [20, 10])).median).toBe(1.1)
    expect(seriesOf(pairs([1, 2], [100, 100], [3, 3])).median).toBe(1)
  })

  it('comes with the quartiles of the ratios', () => {
    const ratios = [9, 1, 8, 2, 7, 3, 6, 4, 5]
    const { lowerQuartile, median, upperQuartile } = seriesOf(ratios.map((ratio) => ({ other: 1, this: ratio })))
    expect([lowerQuartile, median, upperQuartile]).toEqual([3, 5, 7])
  })

  it('is 1 where both cost nothing', () => {
    expect(seriesOf(pairs([0, 0])).median).toBe(1)
  })
})

/** Gives each series in turn, and notes how many pairs were asked for. */
const running = (...medians: ReadonlyArray<number>) => {
  const asked: number[] = []
  const run = (count: number): Promise<Series> => {
    const ratio = medians[asked.length]!
    asked.push(count)
    return Promise.resolve(seriesOf(Array.from({ length: count }, () => ({ other: 1, this: ratio }))))
  }
  return { asked, run }
}

describe('a row', () => {
  it('measures at least 9 pairs, and 25 when it is measured again', () => {
    expect([PAIRS, PAIRS_AGAIN]).toEqual([9, 25])
  })

  it('is measured once while it is within the bound', async () => {
    const { asked, run } = running(1.05)
    const compared = await compare(run, 1.05)
    expect(asked).toEqual([9])
    expect(compared.isSlower).toBe(false)
    expect(compared.again).toBeUndefined()
  })

  it('is measured again over the bound, and the new pairs alone decide', async () => {
    const lucky = running(1.2, 1.04)
    expect((await compare(lucky.run, 1.05)).isSlower).toBe(false)
    expect(lucky.asked).toEqual([9, 25])
    const slow = running(1.06, 1.051)
    const { isSlower, first, again } = await compare(slow.run, 1.05)
    expect([isSlower, first.median, again?.median]).toEqual([true, 1.06, 1.051])
  })
})

describe('a pair', () => {
  it('keeps the lowest cost of each side, and swaps who runs first', async () => {
    const ran: Side[] = []
    const costs = { other: [3, 2, 4, 5, 6], this: [9, 8, 7, 8, 9] }
    const worker = (side: Side) => ({
      runOnce: () => {
        ran.push(side)
        return Promise.resolve({ cost: costs[side].shift()!, spent: 100 })
      },
    })
    expect(await pairOf({ other: worker('other'), this: worker('this') }, 1000)).toEqual({ other: 2, this: 7 })
    expect(ran.slice(0, 4)).toEqual(['other', 'this', 'this', 'other'])
    expect(ran).toHaveLength(10)
  })

  it('runs at least once, and ends when patience does', async () => {
    const slow = { runOnce: () => Promise.resolve({ cost: 5, spent: 2000 }) }
    expect(await pairOf({ other: slow, this: slow }, 1500)).toEqual({ other: 5, this: 5 })
  })
})

const row = (id: string, quick: ReadonlyArray<number>, names = ['scuttlebutt-ts', 'Yjs']): Row => ({
  id,
  title: id,
  unit: 'ms',
  sizes: [1e3, 1e5],
  quick,
  contestants: Object.fromEntries(names.map((name) => [name, { work: () => 0 }])),
})

const rows = [row('S5', [1e5]), row('S5b', [1e5]), row('S6 keys', [], ['push', 'unshift']), row('history', [])]

const chosen = (selection: Omit<Parameters<typeof select>[1], 'quick'>, quick = false) =>
  select(rows, { ...selection, quick }).map((one) => [one.row.id, ...one.sizes])

describe('rows', () => {
  it('are all selected, with all sizes, unless something is said', () => {
    expect(chosen({})).toEqual(rows.map(({ id }) => [id, 1e3, 1e5]))
  })

  it('are selected by the beginnings of their names', () => {
    expect(chosen({ rows: 'S5, hist' }).map(([id]) => id)).toEqual(['S5', 'S5b', 'history'])
    // a number is whole
    const all = select([row('S1', [1e5]), row('S11 Doc', [1e5])], { rows: 'S1', quick: false })
    expect(all.map((one) => one.row.id)).toEqual(['S1'])
  })

  it('are measured at the sizes asked for that they have', () => {
    expect(chosen({ rows: 'S5', sizes: '1e5,7' })).toEqual([
      ['S5', 1e5],
      ['S5b', 1e5],
    ])
    expect(chosen({ sizes: '7' })).toEqual([])
  })

  it('are left out of the quick form without a quick size', () => {
    expect(chosen({}, true)).toEqual([
      ['S5', 1e5],
      ['S5b', 1e5],
    ])
  })

  it('are not selected by a name or a size that is none: that is an error', () => {
    expect(() => chosen({ rows: 'S5,S9' })).toThrow('no row begins with "S9"; there are: S5; S5b; S6 keys; history')
    expect(() => chosen({ sizes: '1e3,many' })).toThrow('"many" is not a size')
  })

  it('compare this package alone: peers are left out, and all are ours in a row without peers', () => {
    const subjects = subjectsOf([
      { row: rows[0]!, sizes: [1e3] },
      { row: rows[2]!, sizes: [1e3] },
    ])
    expect(subjects.map((subject) => [subject.row, subject.contestant])).toEqual([
      ['S5', 'scuttlebutt-ts'],
      ['S6 keys', 'push'],
      ['S6 keys', 'unshift'],
    ])
  })
})

describe('the exit code', () => {
  const subject = { row: 'S5', unit: 'ms', contestant: 'scuttlebutt-ts', n: 1 }
  const series = seriesOf(pairs([1, 1]))
  const fine = { ...subject, first: series, isSlower: false }
  const slower = { ...fine, again: series, isSlower: true }
  const failed = { ...subject, failure: 'out of memory' }

  it('is 0 if no row is slower, 1 if one is, 2 if one failed', () => {
    expect(exitCodeOf([fine])).toBe(0)
    expect(exitCodeOf([fine, slower, failed])).toBe(1)
    expect(exitCodeOf([fine, failed])).toBe(2)
  })
})
