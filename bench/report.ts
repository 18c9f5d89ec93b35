/** What contests came to: as a table, as Markdown and as plots. */
import * as echarts from 'echarts'
import { median, type Goal, type Result, type Row } from './harness.js'

/** A median, and the least and the most of the rounds. */
const cell = ({ rounds }: Result): string => {
  const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3))
  return `${digits(median(rounds))} (${digits(Math.min(...rounds))}–${digits(Math.max(...rounds))})`
}

export const find = (results: ReadonlyArray<Result>, contestant: string, n: number): Result | undefined =>
  results.find((one) => one.contestant === contestant && one.n === n)

const OURS = 'scuttlebutt-ts'

/** One row's table: a line a size, a column a contestant. */
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
    `In ${unit}: the median of the rounds, and their least and most.`,
    '',
    `| n | ${names.join(' | ')} |`,
    `|---|${names.map(() => '---').join('|')}|`,
    ...lines,
  ].join('\n')
}

/** What a goal came to: the ratio, and whether it was reached. Undefined if it was not measured. */
export const reached = (
  goal: Goal,
  row: Row,
  results: ReadonlyArray<Result>,
): ReadonlyArray<readonly [string, number]> => {
  const costOf = (name: string, n: number): number | undefined => {
    const found = find(results, name, n)
    return found && median(found.rounds)
  }
  if ('peer' in goal) {
    const [own, peer] = [costOf(OURS, goal.n), costOf(goal.peer, goal.n)]
    if (own === undefined || peer === undefined) return []
    return [[`${goal.n.toLocaleString('en')}: against ${goal.peer}`, own / peer]]
  }
  return Object.keys(row.contestants).flatMap((name) => {
    const isOurs = name === OURS || !(OURS in row.contestants)
    const [small, large] = [costOf(name, goal.from), costOf(name, goal.to)]
    if (!isOurs || small === undefined || large === undefined) return []
    const what = `from ${goal.from.toLocaleString('en')} to ${goal.to.toLocaleString('en')}${name === OURS ? '' : `, ${name}`}`
    return [[what, large / small] as const]
  })
}

/** All goals, with what came of them. */
export const goals = (rows: ReadonlyArray<Row>, resultsOf: (row: Row) => ReadonlyArray<Result>): string => {
  const lines = rows.flatMap((row) =>
    (row.goals ?? []).flatMap((goal) =>
      reached(goal, row, resultsOf(row)).map(
        ([what, ratio]) =>
          `| ${row.id} | ${row.title} | ${what} | ≤ ${String(goal.atMost)} | ${ratio.toFixed(3)} | ${ratio <= goal.atMost ? 'yes' : 'no'} |`,
      ),
    ),
  )
  return ['| row | work | ratio, n = | goal | measured | reached |', '|---|---|---|---|---|---|', ...lines].join('\n')
}

interface Series {
  readonly name: string
  readonly data: ReadonlyArray<readonly [x: number, y: number]>
}

/** Lines, both ways by powers of ten, as SVG. */
export const chart = (title: string, x: string, y: string, series: ReadonlyArray<Series>): string => {
  const drawn = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 720, height: 440 })
  drawn.setOption({
    animation: false,
    title: { text: title, textStyle: { fontSize: 14 } },
    legend: { top: 28, data: series.map(({ name }) => name) },
    grid: { left: 110, right: 30, top: 90, bottom: 50 },
    xAxis: { type: 'log', name: x, nameLocation: 'middle', nameGap: 28 },
    yAxis: { type: 'log', name: y },
    series: series.map(({ name, data }) => ({
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

/** Cost against n. */
export const plot = ({ title, unit, contestants }: Row, results: ReadonlyArray<Result>): string => {
  const names = Object.keys(contestants).filter((name) => results.some(({ contestant }) => contestant === name))
  const series = names.map((name) => ({
    name,
    data: results.filter(({ contestant }) => contestant === name).map(({ n, rounds }) => [n, median(rounds)] as const),
  }))
  return chart(title, 'n', unit, series)
}
