import fc from 'fast-check'
import { checkDataType } from '../src/laws/index.js'
import { table } from './table.js'
for (const n of [1, 2]) for (const entry of table.slice(0, n === 1 ? 11 : 2)) {
const commands = fc.sample(entry.change, { seed: 3, numRuns: n })
const s = process.cpuUsage().user
const c = checkDataType(entry.dataType, { ...entry, runs: 1, seed: 1, exhaustive: { replicas: 3, updates: 4, commands } })
console.log(entry.dataType.name, n, ((process.cpuUsage().user-s)/1e6).toFixed(1), 's', c._tag === 'Right' ? JSON.stringify(c.right.exhaustive) : c.left.law)
}
