/** Results as Markdown tables and as plots. */
import * as echarts from 'echarts'
import type { Compared, Series } from './against.js'
import { median, OURS, ownOf, type Goal, type Result, type Row } from './harness.js'

const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3))

/** The median of the rounds, then the smallest and the largest. */
const cell = ({ rounds }: Result): string =>
  `${digits(median(rounds))} (${digits(Math.min(...rounds))}–${digits(Math.max(...rounds))})`

export const find = (results: ReadonlyArray<Result>, contestant: string, n: number): Result | undefined =>
  results.find((one) => one.contestant === contestant && one.n === n)

/** A line for each size, a column for each contestant. */
export const table = ({ id, title, unit, contestants }: Row, results: ReadonlyArray<Result>): string => {
  const names = Object.keys(contestants).filter((name) => results.some(({ contestant }) => contestant === name))
  const sizes = [...new Set(results.map(({ n }) => n))]
  const lines = sizes.map((n) => {
    const cells = names.map((name) => {
      const found = find(results, name, n)
      return found === undefined ? '' : cell(found)
    })
    return `| ${n.toLocaleString('en')} | ${cells.join(' | ')} |`
  })
  return [
    `### ${id}: ${title}`,
    '',
    `In ${unit}: the median of the rounds, then the smallest and the largest.`,
    '',
    `| n | ${names.join(' | ')} |`,
    `|---|${names.map(() => '---').join('|')}|`,
    ...lines,
  ].join('\n')
}

/** Each ratio that a goal bounds, with its description. Empty if it was not measured. */
const ratiosFor = (
  goal: Goal,
  row: Row,
  results: ReadonlyArray<Result>,
): ReadonlyArray<readonly [what: string, ratio: number]> => {
  const costOf = (name: string, n: number): number | undefined => {
    const found = find(results, name, n)
    return found && median(found.rounds)
  }
  if ('peer' in goal) {
    const [own, peer] = [costOf(OURS, goal.n), costOf(goal.peer, goal.n)]
    if (own === undefined || peer === undefined) return []
    return [[`cost divided by that of ${goal.peer}, n = ${goal.n.toLocaleString('en')}`, own / peer]]
  }
  return ownOf(row).flatMap((name) => {
    const [small, large] = [costOf(name, goal.from), costOf(name, goal.to)]
    if (small === undefined || large === undefined) return []
    const growth = `growth from n = ${goal.from.toLocaleString('en')} to ${goal.to.toLocaleString('en')}`
    return [[name === OURS ? growth : `${growth}, ${name}`, large / small] as const]
  })
}

/** A line for each goal: the ratio measured, and whether it is within the goal. */
export const goals = (rows: ReadonlyArray<Row>, resultsOf: (row: Row) => ReadonlyArray<Result>): string => {
  const lines = rows.flatMap((row) =>
    (row.goals ?? []).flatMap((goal) =>
      ratiosFor(goal, row, resultsOf(row)).map(
        ([what, ratio]) =>
          `| ${row.id} | ${row.title} | ${what} | ≤ ${String(goal.atMost)} | ${ratio.toFixed(3)} | ${ratio <= goal.atMost ? 'yes' : 'no'} |`,
      ),
    ),
  )
  return ['| row | work | ratio | goal | measured | reached |', '|---|---|---|---|---|---|', ...lines].join('\n')
}

interface Line {
  readonly name: string
  readonly data: ReadonlyArray<readonly [x: number, y: number]>
}

/** An SVG with a line for each series; both axes are logarithmic. */
export const chart = (title: string, x: string, y: string, lines: ReadonlyArray<Line>): string => {
  const drawn = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 720, height: 440 })
  drawn.setOption({
    animation: false,
    title: { text: title, textStyle: { fontSize: 14 } },
    legend: { top: 28, data: lines.map(({ name }) => name) },
    grid: { left: 110, right: 30, top: 90, bottom: 50 },
    xAxis: { type: 'log', name: x, nameLocation: 'middle', nameGap: 28 },
    yAxis: { type: 'log', name: y },
    series: lines.map(({ name, data }) => ({
      name,
      type: 'line',
      symbolSize: 7,
      lineStyle: { width: name === OURS ? 3 : 1.5 },
      data: data.map((point) => [...point]),
    })),
  })
  const svg = drawn.renderToSVGString()
  drawn.dispose()
  return svg
}

/** The cost of each contestant by n, as SVG. */
export const plot = ({ title, unit, contestants }: Row, results: ReadonlyArray<Result>): string => {
  const names = Object.keys(contestants).filter((name) => results.some(({ contestant }) => contestant === name))
  const lines = names.map((name) => ({
    name,
    data: results.filter(({ contestant }) => contestant === name).map(({ n, rounds }) => [n, median(rounds)] as const),
  }))
  return chart(title, 'n', unit, lines)
}

/** The first lines of the table that `againstLine` continues. */
export const againstHead = (other: string): string =>
  [
    `| row | n | unit | ${other} | this build | ratio | quartiles | pairs | |`,
    '|---|---|---|---|---|---|---|---|---|',
  ].join('\n')

const fixed = (ratio: number): string => ratio.toFixed(3)

const medianOf = ({ pairs }: Series, side: 'other' | 'this'): string => digits(median(pairs.map((pair) => pair[side])))

export const againstLine = (compared: Compared): string => {
  const { row, contestant, n, unit } = compared
  const start = `| ${contestant === OURS ? row : `${row}: ${contestant}`} | ${n.toLocaleString('en')} | ${unit} |`
  if ('failure' in compared) return `${start} | | | | | failed: ${compared.failure} |`
  const { first, again, isSlower } = compared
  const decisive = again ?? first
  const cells = [
    medianOf(decisive, 'other'),
    medianOf(decisive, 'this'),
    fixed(decisive.median),
    `${fixed(decisive.lowerQuartile)}–${fixed(decisive.upperQuartile)}`,
    String(decisive.pairs.length),
    isSlower ? '**slower**' : again === undefined ? '' : `${fixed(first.median)} at first`,
  ]
  return `${start} ${cells.join(' | ')} |`
}
