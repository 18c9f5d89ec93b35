/**
 * Runs types, lint, format and tests side by side for `npm test`, since none fills two cores alone.
 * CI also asks how much of the code the tests reach: counting makes them half as fast, so that is
 * a run of its own, of the tests below the adapters, with the numbers of `npm test`.
 *
 * The tests print as they go. A check prints when it ends, and only if it fails. All must pass.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { isSoak, isThorough } from './runs.js'

const CHECKS = ['tsx test/check.ts', 'prettier --check .']

/** Runs a command. npm puts the programs of node_modules/.bin on its path. */
const run = async (command: string, isLive = false, env = process.env): Promise<boolean> => {
  const start = performance.now()
  const child = spawn(command, {
    shell: true,
    env,
    stdio: ['ignore', isLive ? 'inherit' : 'pipe', isLive ? 'inherit' : 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += String(chunk)))
  const [code] = (await once(child, 'close')) as [number | null]
  const seconds = ((performance.now() - start) / 1000).toFixed(0)
  console.log(`${code === 0 ? 'passed' : 'FAILED'}: ${command}, ${seconds} s\n${code === 0 ? '' : output}`)
  return code === 0
}

const inTurn = async (): Promise<boolean> => {
  let isFine = true
  for (const check of CHECKS) if (!(await run(check))) isFine = false
  return isFine
}

const results = await Promise.all([run('vitest run', true), inTurn()])
if (isThorough && !isSoak) results.push(await run('npm run coverage --silent', true, { ...process.env, CI: '' }))
if (results.includes(false)) process.exitCode = 1
