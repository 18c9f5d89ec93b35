/** One contestant at one work, in a process of its own. */
import { measure } from './harness.js'
import { rows } from './rows/index.js'

const [, , id, name, size, patience] = process.argv as unknown as [string, string, string, string, string, string]
const row = rows.find((one) => one.id === id)!
const cost = await measure(row.contestants[name]!, Number(size), row.sizes[0]!, Number(patience))
process.send!({ cost }, () => {
  process.exit()
})
