/**
 * `npm run bench:laws -- --peers`: the kit over the libraries that people use, one process each,
 * and what they do with hostile input. Writes peers/results.json and PEERS.md.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { peers } from './all.js'
import { victims, type Reaction } from './hostile.js'
import type { Peer } from './peer.js'
import { toMarkdown } from './report.js'

/** What a process says of one peer. */
export interface Outcome {
  readonly library: string
  readonly version: string
  readonly type: string
  /** Gives the same runs again. */
  readonly seed?: number
  readonly runs: number
  /** How many of the runs broke a law by a fault that is known, and were passed over. */
  readonly known?: number
  readonly seconds: number
  /** `ok`, or the verdict of the law that was broken. */
  readonly verdict: string
  readonly law?: string
  /** The number of steps of the smallest counterexample. */
  readonly steps?: number
  readonly script?: string
  readonly promise: string
}

export interface Results {
  /** By the name of the peer. */
  readonly outcomes: Readonly<Record<string, Outcome>>
  /** By library, then by input. */
  readonly hostile: Readonly<Record<string, Readonly<Record<string, Reaction>>>>
}

const { values } = parseArgs({
  // laws.js hands on its own arguments
  args: process.argv.slice(2).filter((one) => one !== '--peers'),
  options: {
    for: { type: 'string', default: '600' },
    runs: { type: 'string' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    one: { type: 'string' },
    victim: { type: 'string' },
  },
})

const laws = fileURLToPath(new URL('../laws.js', import.meta.url))
const bench = new URL('../../../bench/', import.meta.url)
const MARK = '\nresult: '

const nameOf = ({ library, type }: Peer): string => `${library}, ${type}`

const manifestOf = (library: string): URL => new URL(`../node_modules/${library}/package.json`, bench)

const versionOf = async (library: string): Promise<string> => {
  const text = await readFile(manifestOf(library), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** The most seconds that making a counterexample smaller takes. */
const SHRINK = 60

/** Checks one peer, in this process. */
const check = async (one: Peer): Promise<Outcome> => {
  const start = performance.now()
  const seed = Number(values.seed)
  const checked = await one.check({
    seed,
    time: Number(values.for) * 1000,
    shrinkTime: SHRINK * 1000,
    ...(values.runs !== undefined && { runs: Number(values.runs) }),
  })
  const { library, type, script, promise } = one
  const seconds = Math.round((performance.now() - start) / 100) / 10
  const version = await versionOf(library)
  const about = { library, version, type, promise, ...(script !== undefined && { script }), seed }
  if (checked._tag === 'Right') {
    const { runs, known } = checked.right
    return { ...about, runs, ...(known > 0 && { known }), seconds, verdict: 'ok' }
  }
  const { law, schedule, runs } = checked.left
  console.error(checked.left.format())
  return { ...about, runs, seconds, verdict: law.verdict, law: law.name, steps: schedule.steps.length }
}

/** Runs again for one peer or one victim. Undefined if that throws, which its output tells. */
const inProcess = async <A>(args: ReadonlyArray<string>, seconds: number): Promise<A | 'hangs' | undefined> => {
  const child = spawn(process.execPath, [laws, '--peers', '--for', values.for, '--seed', values.seed, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += String(chunk)))
  const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000)
  await once(child, 'close')
  clearTimeout(timer)
  const at = output.lastIndexOf(MARK)
  if (child.killed) return 'hangs'
  return at < 0 ? undefined : (JSON.parse(output.slice(at + MARK.length)) as A)
}

/** Loading, shrinking, and a busy machine. */
const GRACE = SHRINK + 60

/** The peer of a name, or those that have it in theirs. */
const wanted = (name: string): ReadonlyArray<Peer> => {
  const exact = peers.filter((peer) => nameOf(peer) === name)
  return exact.length > 0 ? exact : peers.filter((peer) => nameOf(peer).includes(name))
}

const whole = async (): Promise<void> => {
  const file = new URL('peers/results.json', bench)
  const before = JSON.parse(await readFile(file, 'utf8').catch(() => '{"outcomes":{},"hostile":{}}')) as Results
  const outcomes = { ...before.outcomes }
  const hostile: Record<string, Record<string, Reaction>> = {}
  for (const [library, kept] of Object.entries(before.hostile)) {
    if (!library.includes(values.only)) hostile[library] = { ...kept }
  }
  const save = async (): Promise<void> => {
    const names = peers.map(nameOf).filter((name) => Object.hasOwn(outcomes, name))
    const results = { outcomes: Object.fromEntries(names.map((name) => [name, outcomes[name]!])), hostile }
    await writeFile(file, `${JSON.stringify(results, null, 2)}\n`)
    await writeFile(new URL('PEERS.md', bench), toMarkdown(results))
  }
  for (const one of wanted(values.only)) {
    const name = nameOf(one)
    if (!existsSync(manifestOf(one.library))) {
      console.log(`${name}: ${one.library} is not installed`)
      continue
    }
    const limit = values.runs === undefined ? [] : ['--runs', values.runs]
    const outcome = await inProcess<Outcome>(['--one', name, ...limit], Number(values.for) + GRACE)
    const isOutcome = outcome !== undefined && outcome !== 'hangs'
    console.log(`${name}: ${isOutcome ? `${outcome.verdict}, ${String(outcome.runs)} runs` : (outcome ?? 'throws')}`)
    if (isOutcome) outcomes[name] = outcome
    await save()
  }
  for (const { library, input } of victims.filter((victim) => victim.library.includes(values.only))) {
    const reaction = await inProcess<Reaction>(['--victim', `${library} ${input}`], 10)
    if (reaction !== undefined) hostile[library] = { ...hostile[library], [input]: reaction }
  }
  await save()
}

/** Ends the process: timers of the libraries would keep it. */
const say = (result: unknown): never => {
  process.stdout.write(`${MARK}${JSON.stringify(result)}`)
  process.exit()
}

/** Some libraries log what they meet. */
const quiet = (): void => {
  for (const level of ['log', 'info', 'warn', 'error'] as const) console[level] = () => undefined
}

export const run = async (): Promise<void> => {
  const { one, victim } = values
  if (one !== undefined) {
    quiet()
    say(await check(peers.find((peer) => nameOf(peer) === one)!))
  }
  if (victim !== undefined) {
    quiet()
    say(victims.find(({ library, input }) => `${library} ${input}` === victim)!.attack())
  }
  await whole()
}
