console.error = console.warn = () => undefined
import * as all from './all.js'
const [, , only = '', time = '5', seed] = process.argv
for (const one of all.peers) {
  const name = `${one.library}, ${one.type}`
  if (!name.includes(only)) continue
  const start = performance.now()
  const checked = one.check({ time: Number(time) * 1000, shrinkTime: 8000, ...(seed !== undefined && { seed: Number(seed) }) })
  const took = ((performance.now() - start) / 1000).toFixed(1)
  if (checked._tag === 'Right') console.log(`OK ${name}: ${checked.right.runs} runs in ${took} s`)
  else console.log(`BAD ${name}: ${checked.left.runs} runs in ${took} s\n${checked.left.format()}`)
}
