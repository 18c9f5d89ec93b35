/**
 * Three replicas in three processes, joined in a chain by TCP: alice and bob of this library, and
 * carol of the npm package `scuttlebutt`. Loads real data into one, watches it spread, cuts a link,
 * edits on both sides, heals it, and checks that all three are equal. Exits with 1 if they are not.
 *
 *     npm run demo                  the packages of our own lock file     npm run demo -- data.json
 * any JSON object or array
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Order, Report } from './replica.js'

interface Replica {
  readonly name: string
  readonly tell: (order: Order) => Promise<Report>
  readonly stop: () => void
}

const start = (kind: 'ours' | 'original', id: string): Replica => {
  const here = fileURLToPath(import.meta.url)
  const child = fork(path.join(path.dirname(here), `replica${path.extname(here)}`), [kind, id])
  child.on('exit', (code) => {
    if (code !== null && code !== 0) process.exit(code)
  })
  return {
    name: kind === 'ours' ? id : `${id} (the original)`,
    tell: async (order) => {
      child.send(order)
      const [report] = (await once(child, 'message')) as [Report]
      return report
    },
    stop: () => {
      child.kill()
    },
  }
}

type Entries = ReadonlyArray<readonly [key: string, value: unknown]>

const load = async (file: string | undefined): Promise<Entries> => {
  const lockFile = new URL('../../../package-lock.json', import.meta.url)
  const data: unknown = JSON.parse(await readFile(file ?? lockFile, 'utf8'))
  const root = file === undefined ? (data as { readonly packages: unknown }).packages : data
  if (typeof root !== 'object' || root === null) throw new Error('the data must be a JSON object or array')
  return Object.entries(root)
}

const ask = (replicas: ReadonlyArray<Replica>): Promise<ReadonlyArray<Report>> =>
  Promise.all(replicas.map((replica) => replica.tell({ do: 'report' })))

/** Waits until all hold the same; shows how far each is, and what was sent since `before`. */
const settle = async (
  replicas: ReadonlyArray<Replica>,
  total: number,
  before: ReadonlyArray<Report>,
): Promise<boolean> => {
  const started = performance.now()
  for (let shown = ''; ;) {
    const reports = await ask(replicas)
    const progress = reports.map(({ size }, i) => `${replicas[i]!.name} ${String(size)}/${String(total)}`).join('   ')
    if (progress !== shown) console.log(`  ${progress}`)
    shown = progress
    const equal = reports.every(({ hash }) => hash === reports[0]!.hash)
    const elapsed = performance.now() - started
    if (!equal && elapsed < 30_000) {
      await sleep(5)
      continue
    }
    for (const [i, { bytesSent, updatesSent }] of reports.entries()) {
      const [updates, bytes] = [updatesSent - before[i]!.updatesSent, bytesSent - before[i]!.bytesSent]
      console.log(`  ${replicas[i]!.name} sent ${String(updates)} updates, ${String(bytes)} bytes`)
    }
    console.log(equal ? `  all equal after ${elapsed.toFixed(0)} ms` : '  NOT EQUAL')
    return equal
  }
}

const entries = await load(process.argv[2])
// null removes a key
const total = new Set(entries.filter(([, value]) => value !== null).map(([key]) => key)).size
console.log(`${String(entries.length)} entries`)

const [alice, bob, carol] = [start('ours', 'alice'), start('ours', 'bob'), start('original', 'carol')]
const all = [alice, bob, carol]
for (const replica of all) await replica.tell({ do: 'listen' })

console.log('\nalice loads them all')
for (let from = 0; from < entries.length; from += 500) {
  const { size } = await alice.tell({ do: 'set', entries: entries.slice(from, from + 500) })
  console.log(`  ${String(size)}`)
}

console.log('\nalice – bob – carol: joined by TCP')
const alone = await ask(all)
await bob.tell({ do: 'connect', port: alone[0]!.port })
await carol.tell({ do: 'connect', port: alone[1]!.port })
const spread = await settle(all, total, alone)

console.log('\nthe link to carol is cut; alice and carol both edit')
await carol.tell({ do: 'cut' })
const edited = entries.slice(0, 5).map(([key]) => key)
await alice.tell({ do: 'set', entries: [...edited.map((key) => [key, 'by alice'] as const), ['alice was here', true]] })
await sleep(5)
await carol.tell({
  do: 'set',
  entries: [...edited.slice(3).map((key) => [key, 'by carol'] as const), ['carol too', true]],
})
await sleep(100)
const apart = await ask(all)
console.log(`  alice and bob ${apart[0]!.hash === apart[1]!.hash ? 'agree' : 'differ'}`)
console.log(`  bob and carol ${apart[1]!.hash === apart[2]!.hash ? 'agree' : 'differ'}`)
const parted = apart[0]!.hash === apart[1]!.hash && apart[1]!.hash !== apart[2]!.hash

console.log('\nthe link is healed')
await carol.tell({ do: 'connect', port: alone[1]!.port })
const healed = await settle(all, total + 2, apart)
const complete = (await alice.tell({ do: 'report' })).size

for (const replica of all) replica.stop()
const kept = new Set([...entries.filter(([, value]) => value !== null).map(([key]) => key), ...edited]).size + 2
const sound = spread && parted && healed && complete === kept
console.log(sound ? '\nAll replicas are equal.' : '\nThe replicas are NOT as they should be.')
process.exitCode = sound ? 0 : 1
