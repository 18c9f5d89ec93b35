/**
 * Checks every data type of this library for as long as you like:
 *
 *   npm run soak                                60 seconds each
 *   npm run soak -- --time 600                  ten minutes each
 *   npm run soak -- --runs 1000000              a million networks each
 *   npm run soak -- --exhaustive 5              every run of three replicas and five updates
 *   npm run soak -- --only Doc --seed 7 --replicas 7 --steps 100
 */
import { parseArgs } from 'node:util'
import { checkDataType, type Coverage } from '../../src/laws/index.js'
import { table } from '../table.js'
import { scopeOf } from './scope.js'

const number = { type: 'string' } as const

const { values } = parseArgs({
  options: {
    time: number,
    runs: number,
    seed: number,
    replicas: number,
    steps: number,
    exhaustive: number,
    only: { type: 'string' },
  },
})

const given = (name: 'time' | 'runs' | 'seed' | 'replicas' | 'steps'): Readonly<Record<string, number>> => {
  const value = values[name]
  return value === undefined ? {} : { [name]: Number(value) * (name === 'time' ? 1000 : 1) }
}

const updates = values.exhaustive === undefined ? undefined : Number(values.exhaustive)

const limits =
  updates !== undefined
    ? { runs: 1 }
    : { ...(values.runs === undefined ? { time: 60_000 } : {}), ...given('time'), ...given('runs') }

const entries = table.filter(({ dataType }) => dataType.name.includes(values.only ?? ''))
if (entries.length === 0) throw new Error(`no data type has a name with ${String(values.only)}`)

for (const entry of entries) {
  const start = performance.now()
  const seconds = (): string => ((performance.now() - start) / 1000).toFixed(0)
  let told = 0
  const progress = ({ runs, operations }: Coverage): void => {
    if (performance.now() - told < 5000) return
    told = performance.now()
    process.stderr.write(
      `${entry.dataType.name}: ${String(runs)} runs, ${String(operations)} operations, ${seconds()} s\n`,
    )
  }
  const size = { ...given('seed'), ...given('replicas'), ...given('steps') }
  const scope = updates === undefined ? {} : { exhaustive: scopeOf(entry, updates, 1) }
  const { dataType, ...options } = entry
  const checked = checkDataType(dataType, { ...options, ...limits, ...size, ...scope, progress })
  if (checked._tag === 'Left') {
    console.error(checked.left.format())
    process.exitCode = 1
  } else {
    console.log(`${entry.dataType.name}: kept every law, ${seconds()} s\n${checked.right.format()}\n`)
  }
}
