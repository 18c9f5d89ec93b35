/**
 * The benchmarks: peers and ours in turn, in one run.
 *
 *   npm run bench                           all rows; writes bench/RESULTS.md, bench/results.json and bench/plots
 *   npm run bench -- --only S1,S5           those whose name begins so; prints
 *   npm run bench -- --quick                the rows with goals, fewer sizes, one round; prints
 *   npm run bench -- --compare HEAD~1,HEAD  two commits of ours in turn, to see what has become slower
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { contest, inChild, median, MOST_PATIENCE, type Result, type Row } from './harness.js'
import { commitNow, git, machine, root } from './provenance.js'
import { goals, plot, table } from './report.js'
import { rows } from './rows/index.js'

const ROUNDS = 5

/** In ms, for a contestant in the quick form: all of it is to end within two minutes. */
const QUICK_PATIENCE = 600

const OURS = 'scuttlebutt-ts'

const child = fileURLToPath(new URL('child.js', import.meta.url))

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' }, compare: { type: 'string' } },
})

const chosen = rows.filter(
  ({ id, quick }) =>
    (values.only?.split(',') ?? ['']).some((name) => id.startsWith(name)) && !(values.quick && quick.length === 0),
)

const progress = (text: string): void => {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${text}` : `${text}\n`)
}

const sizesOf = (row: Row): ReadonlyArray<number> => (values.quick ? row.quick : row.sizes)

const measureAll = async (): Promise<void> => {
  const commit = commitNow()
  const results: Result[] = []
  for (const row of chosen) {
    const [rounds, patience] = values.quick ? [1, QUICK_PATIENCE] : [ROUNDS, MOST_PATIENCE]
    for (const n of sizesOf(row)) results.push(...(await contest(child, row, n, rounds, patience, progress)))
    console.log(`\n${table(row, resultsOf(results)(row))}`)
    if (!values.quick && values.only === undefined) write(results, commit)
  }
  console.log(`\n${goals(chosen, resultsOf(results))}`)
}

const resultsOf =
  (results: ReadonlyArray<Result>) =>
  ({ id }: Row): ReadonlyArray<Result> =>
    results.filter(({ row }) => row === id)

const fileOf = ({ id }: Row): string => `${id.replaceAll(/\W+/g, '-')}.svg`

const write = (results: ReadonlyArray<Result>, commit: string): void => {
  const folder = path.join(root, 'bench')
  mkdirSync(path.join(folder, 'plots'), { recursive: true })
  const measured = rows.filter((row) => resultsOf(results)(row).length > 0)
  const plotted = measured.filter((row) => sizesOf(row).length > 1)
  for (const row of plotted) writeFileSync(path.join(folder, 'plots', fileOf(row)), plot(row, resultsOf(results)(row)))
  const sections = measured.map((row) => {
    const drawing = plotted.includes(row) ? `\n\n![${row.title}](plots/${fileOf(row)})` : ''
    return `${table(row, resultsOf(results)(row))}${drawing}`
  })
  const text = [
    '# What it costs',
    `Written by \`npm run bench\` at commit ${commit}, on ${machine}.`,
    `Every figure is the median of ${String(ROUNDS)} rounds in which the contestants take turns, each in a process of its own, warmed up, its result verified.`,
    '## Goals',
    goals(measured, resultsOf(results)),
    '## Rows',
    ...sections,
  ]
  writeFileSync(path.join(folder, 'RESULTS.md'), `${text.join('\n\n')}\n`)
  writeFileSync(path.join(folder, 'results.json'), `${JSON.stringify({ commit, machine, results }, null, 1)}\n`)
}

/** A commit checked out beside this one, under this bench; gives its child. */
const prepare = (commit: string): string => {
  const folder = path.join(root, 'build', 'compare', git('rev-parse', commit))
  if (!existsSync(folder)) git('worktree', 'add', '--detach', folder, commit)
  rmSync(path.join(folder, 'bench'), { recursive: true, force: true })
  cpSync(path.join(root, 'bench'), path.join(folder, 'bench'), { recursive: true })
  if (!existsSync(path.join(folder, 'node_modules'))) {
    symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
  }
  execFileSync('npm', ['run', 'bench:build', '--silent'], { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] })
  return path.join(folder, 'build', 'bench', 'child.js')
}

const compare = async (before: string, after: string): Promise<void> => {
  const children = [before, after].map(prepare)
  console.log(`| row | n | ${before} | ${after} | ratio |\n|---|---|---|---|---|`)
  for (const row of chosen) {
    for (const n of sizesOf(row)) {
      for (const name of Object.keys(row.contestants).filter((one) => one === OURS || !(OURS in row.contestants))) {
        const costs: [number[], number[]] = [[], []]
        for (let round = 0; round < ROUNDS; round++) {
          for (const i of [0, 1] as const) {
            progress(`${row.id}, n = ${String(n)}, round ${String(round + 1)}`)
            costs[i].push(await inChild(children[i]!, row.id, name, n))
          }
        }
        const [old, now] = costs.map(median) as [number, number]
        console.log(
          `| ${row.id} | ${String(n)} | ${old.toPrecision(3)} | ${now.toPrecision(3)} | ${(now / old).toFixed(2)} |`,
        )
      }
    }
  }
  for (const file of children) git('worktree', 'remove', '--force', path.resolve(path.dirname(file), '..', '..'))
}

if (values.compare === undefined) await measureAll()
else await compare(...(values.compare.split(',') as [string, string]))
