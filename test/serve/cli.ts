/** The command in a process of its own, from the sources. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The command as one file, which starts sooner than its sources. Gives its path. */
export const buildCommand = async (folder: string): Promise<string> => {
  const outfile = path.join(root, 'build', path.basename(folder), 'cli.mjs')
  const entryPoints = [path.join(root, 'src/adapters/serve/cli.ts')]
  await build({ entryPoints, outfile, bundle: true, packages: 'external', platform: 'node', format: 'esm' })
  return outfile
}

export interface Command {
  readonly child: ChildProcess
  /** The port; undefined if the process ended before it listened. */
  readonly port: number | undefined
  readonly output: () => string
  readonly errors: () => string
  readonly ended: Promise<readonly [code: number | null, signal: string | null]>
}

/** Starts the command and waits until it listens or ends. */
export const start = async (command: string, ...args: ReadonlyArray<string>): Promise<Command> => {
  const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [output, errors] = ['', '']
  child.stderr.on('data', (chunk: Buffer) => (errors += String(chunk)))
  const ended = once(child, 'close') as Promise<[number | null, string | null]>
  const port = await new Promise<number | undefined>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += String(chunk)
      const found = /listening on \S+:(\d+)/.exec(output)
      if (found !== null) resolve(Number(found[1]))
    })
    void ended.then(() => {
      resolve(undefined)
    })
  })
  return { child, port, output: () => output, errors: () => errors, ended }
}
