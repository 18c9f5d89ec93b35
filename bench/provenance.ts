/** What was measured, and where. */
import { execFileSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'

/** The checkout: two folders above this file, once it is built. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

export const git = (...args: ReadonlyArray<string>): string =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()

export const machine = `Node ${process.version}, ${cpus()[0]?.model ?? 'unknown'}, ${String(cpus().length)} cores, ${String(Math.round(totalmem() / 2 ** 30))} GiB`

/** What is measured: as it is now. */
export const commitNow = (): string => {
  const isChanged = git('status', '--porcelain', '--', 'src', 'bench/*.ts', 'bench/rows') !== ''
  return `${git('rev-parse', '--short', 'HEAD')}${isChanged ? ', with changes' : ''}`
}
