/** The files of a whole run: RESULTS.md for readers, results.json for programs, and the plots. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Result, Row } from './harness.js'
import { git, machine, root } from './provenance.js'
import { goals, plot, table } from './report.js'

export interface Run {
  readonly commit: string
  readonly machine: string
  readonly results: ReadonlyArray<Result>
}

export const resultsOf =
  (results: ReadonlyArray<Result>) =>
  ({ id }: Row): ReadonlyArray<Result> =>
    results.filter(({ row }) => row === id)

/** What a run has written of this very source, on this machine. */
export const written = (): ReadonlyArray<Result> => {
  const run = JSON.parse(readFileSync(path.join(root, 'bench', 'results.json'), 'utf8')) as Run
  const [commit = ''] = run.commit.split(',')
  const isSame = run.machine === machine && git('diff', '--name-only', commit, '--', 'src') === ''
  return isSame ? run.results : []
}

const fileOf = ({ id }: Row): string => `${id.replaceAll(/\W+/g, '-')}.svg`

/** Rows without a result are left out. */
export const write = (rows: ReadonlyArray<Row>, run: Run): void => {
  const folder = path.join(root, 'bench')
  mkdirSync(path.join(folder, 'plots'), { recursive: true })
  const of = resultsOf(run.results)
  const measured = rows.filter((row) => of(row).length > 0)
  const plotted = measured.filter(({ sizes }) => sizes.length > 1)
  for (const row of plotted) writeFileSync(path.join(folder, 'plots', fileOf(row)), plot(row, of(row)))
  const sections = measured.map((row) => {
    const drawing = plotted.includes(row) ? `\n\n![${row.title}](plots/${fileOf(row)})` : ''
    return `${table(row, of(row))}${drawing}`
  })
  const rounds = Math.max(...run.results.map((result) => result.rounds.length))
  const text = [
    '# Costs',
    `Written by \`npm run bench\` at commit ${run.commit}, on ${run.machine}.`,
    `Every figure is the median of ${String(rounds)} rounds. In a round the contestants take turns. ` +
      'Each runs in its own process, is warmed up, and has its result verified.',
    '## Goals',
    goals(measured, of),
    '## Rows',
    ...sections,
  ]
  writeFileSync(path.join(folder, 'RESULTS.md'), `${text.join('\n\n')}\n`)
  writeFileSync(path.join(folder, 'results.json'), `${JSON.stringify(run, null, 1)}\n`)
}
