/**
 * `npm run bench`: this package against its peers, or against another build of itself.
 * `npm run bench -- --help` lists the options; README.md says how to read the output.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import {
  compare,
  exitCodeOf,
  PAIRS,
  pairOf,
  PAIRS_AGAIN,
  seriesOf,
  subjectsOf,
  type Compared,
  type Pair,
  type Series,
  type Side,
  type Subject,
} from './against.js'
import { checkOut, locate, stage } from './builds.js'
import { contest, MOST_PATIENCE_MS, type Result } from './harness.js'
import { commitNow, git, machine, root } from './provenance.js'
import { againstHead, againstLine, goals, table } from './report.js'
import { resultsOf, write, written } from './results.js'
import { rows } from './rows/index.js'
import { select, type Selected } from './select.js'
import { start, type Job, type Worker } from './worker.js'

const HELP = `npm run bench -- [options]

Without options: measures all rows against the peers, and writes bench/RESULTS.md,
bench/results.json and bench/plots. With options it prints only.

  --rows S2,S5       only rows whose name begins with one of these (--only is the same)
  --sizes 1e3,1e5    only these n
  --quick            the quick sizes only, of the rows that have some; one round
  --resume           goes on where a whole run was stopped: rows in bench/results.json stay, if
                     they are of this machine and src is as it was
  --against <build>  compare with another build of this package: a checkout with dist/,
                     an unpacked tarball, or a dist folder. At least ${String(PAIRS)} pairs in one run,
                     and ${String(PAIRS_AGAIN)} more for a row over the bound. By CPU time.
                     Exit code: 0 no row is slower, 1 a row is slower, 2 a row failed
  --bound 1.05       with --against: the ratio above which a row is slower
  --json <file>      with --against: also write all pairs as JSON
  --compare A,B      compare two commits, B with A, in the same way
`

const ROUNDS = 5

/** In ms for a contestant: the whole quick form is to end within two minutes. */
const QUICK_PATIENCE_MS = 600

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    rows: { type: 'string' },
    only: { type: 'string' },
    sizes: { type: 'string' },
    quick: { type: 'boolean', default: false },
    resume: { type: 'boolean', default: false },
    against: { type: 'string' },
    bound: { type: 'string', default: '1.05' },
    json: { type: 'string' },
    compare: { type: 'string' },
  },
})

const patience = values.quick ? QUICK_PATIENCE_MS : MOST_PATIENCE_MS

const progress = (text: string): void => {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${text}` : `${text}\n`)
}

const measureAll = async (selected: ReadonlyArray<Selected>, isWhole: boolean): Promise<void> => {
  const child = fileURLToPath(new URL('child.js', import.meta.url))
  const commit = commitNow()
  const results: Result[] = values.resume ? [...written()] : []
  for (const { row, sizes } of selected) {
    // a whole run writes after each row
    if (resultsOf(results)(row).length > 0) continue
    for (const n of sizes) {
      results.push(...(await contest(child, row, n, values.quick ? 1 : ROUNDS, patience, progress)))
    }
    console.log(`\n${table(row, resultsOf(results)(row))}`)
    if (isWhole) write(rows, { commit, machine, results })
  }
  const measured = selected.map(({ row }) => row)
  console.log(`\n${goals(measured, resultsOf(results))}`)
}

/** Compares the build in folder `current` with the one in `other`. Returns the exit code. */
const compareBuilds = async (
  selected: ReadonlyArray<Selected>,
  other: string,
  current: string,
  bound: number,
): Promise<number> => {
  const parent = path.join(root, 'build', 'against')
  mkdirSync(parent, { recursive: true })
  const within = mkdtempSync(path.join(parent, 'run-'))
  try {
    const children = { other: stage(locate(other), within), this: stage(locate(current), within) }
    const compared: Compared[] = []
    console.log(againstHead(other))
    for (const subject of subjectsOf(selected)) {
      const one = await compareOne(children, subject, bound)
      console.log(againstLine(one))
      compared.push(one)
      if (values.json !== undefined) {
        writeFileSync(values.json, `${JSON.stringify({ machine, clock: 'cpu', bound, other, compared }, null, 1)}\n`)
      }
    }
    const code = exitCodeOf(compared)
    console.log(`\n${conclusion[code]!} (bound ${String(bound)}, other build ${other})`)
    return code
  } finally {
    rmSync(within, { recursive: true })
  }
}

/** By exit code. */
const conclusion = ['No row is slower.', 'At least one row is slower.', 'At least one row failed; none is slower.']

const compareOne = async (
  children: Readonly<Record<Side, string>>,
  subject: Subject,
  bound: number,
): Promise<Compared> => {
  const { row, contestant, n } = subject
  const run = async (count: number): Promise<Series> => {
    const pairs: Pair[] = []
    for (let i = 1; i <= count; i++) {
      progress(`${row}, ${contestant}, n = ${String(n)}: pair ${String(i)} of ${String(count)}`)
      pairs.push(await measurePair(children, { row, contestant, n, clock: 'cpu' }))
    }
    return seriesOf(pairs)
  }
  try {
    return { ...subject, ...(await compare(run, bound)) }
  } catch (error) {
    return { ...subject, failure: error instanceof Error ? error.message : String(error) }
  }
}

/** Two processes for each pair: one process may be laid out luckily and stay fast throughout. */
const measurePair = async (children: Readonly<Record<Side, string>>, job: Job): Promise<Pair> => {
  const workers: Worker[] = []
  try {
    for (const side of ['other', 'this'] as const) workers.push(await start(children[side], job))
    const [other, current] = workers as [Worker, Worker]
    return await pairOf({ other, this: current }, patience)
  } finally {
    for (const worker of workers) worker.stop()
  }
}

const compareCommits = async (
  selected: ReadonlyArray<Selected>,
  [before, after]: readonly [string, string],
  bound: number,
): Promise<number> => {
  const folders: string[] = []
  try {
    for (const commit of [before, after]) folders.push(checkOut(commit))
    return await compareBuilds(selected, folders[0]!, folders[1]!, bound)
  } finally {
    for (const folder of folders) git('worktree', 'remove', '--force', folder)
  }
}

const boundOf = (text: string): number => {
  const bound = Number(text)
  if (!(bound > 0)) throw new Error(`--bound ${text}: not a ratio above 0`)
  return bound
}

const commitsOf = (text: string): readonly [string, string] => {
  const [before, after, ...more] = text.split(',')
  if (before === undefined || after === undefined || more.length > 0) throw new Error(`--compare ${text}: not A,B`)
  return [before, after]
}

const main = async (): Promise<number> => {
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const chosen = values.rows ?? values.only
  const selected = select(rows, { rows: chosen, sizes: values.sizes, quick: values.quick })
  const bound = boundOf(values.bound)
  if (values.compare !== undefined) return compareCommits(selected, commitsOf(values.compare), bound)
  if (values.against !== undefined) return compareBuilds(selected, values.against, root, bound)
  await measureAll(selected, chosen === undefined && values.sizes === undefined && !values.quick)
  return 0
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}
