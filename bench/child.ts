/** The child process: warms up one contestant of one row at one size, then measures on request. */
import { now } from './clock.js'
import { measure, warmUp } from './harness.js'
import { rows } from './rows/index.js'
import type { Answer, Request } from './worker.js'

const [, , id, name, size] = process.argv as unknown as [string, string, string, string, string]
const row = rows.find((one) => one.id === id)!
const contestant = row.contestants[name]!
const n = Number(size)

const answer = (cost: number, start: number): void => {
  process.send!({ cost, spent: now() - start } satisfies Answer)
}

const handle = async (request: Request): Promise<void> => {
  const start = now()
  answer(request === 'once' ? await contestant.work(n) : await measure(contestant, n, request.patience), start)
}

const start = now()
await warmUp(contestant, n, row.sizes[0]!)
process.on('message', (request) => {
  void handle(request as Request)
})
answer(0, start)
