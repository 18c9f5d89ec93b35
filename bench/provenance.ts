/** The commit and the machine of a run. */
import { execFileSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'

/** The checkout. The built form of this file is two folders below it. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

export const git = (...args: ReadonlyArray<string>): string =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()

export const machine = `Node ${process.version}, ${cpus()[0]?.model ?? 'unknown'}, ${String(cpus().length)} cores, ${String(Math.round(totalmem() / 2 ** 30))} GiB`

/** The checked-out commit, and whether the files differ from it. */
export const commitNow = (): string => {
  const isChanged = git('status', '--porcelain', '--', 'src', 'bench/*.ts', 'bench/rows') !== ''
  return `${git('rev-parse', '--short', 'HEAD')}${isChanged ? ', with changes' : ''}`
}
