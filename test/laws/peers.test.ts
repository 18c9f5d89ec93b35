/**
 * Faults of other libraries, each shown by a script in peers/ that uses that library alone. It
 * exports what it `found`, and what is `faulty` and `right`. `mendedIn` names the version that
 * mended the fault; then the test expects what is right.
 */
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, describe, expect, test } from 'vitest'
import type { Results } from '../../bench/peers/run.js'
import { isThorough } from '../runs.js'

interface Script {
  /** The package on npm. */
  readonly library: string
  readonly found: unknown
  readonly faulty: unknown
  readonly right: unknown
  readonly mendedIn?: string
}

const root = fileURLToPath(new URL('../../', import.meta.url))

const versionOf = async (library: string, folder: string): Promise<string> => {
  const text = await readFile(path.join(folder, 'node_modules', library, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** With comments and empty lines. */
const MOST_LINES = 30

const files = readdirSync(new URL('peers/', import.meta.url))

const sourceOf = (file: string): string => fileURLToPath(new URL(`peers/${file}`, import.meta.url))

/** Too big for every `npm ci`. Where nobody has installed one, CI installs it in a folder aside. */
const OPTIONAL: Readonly<Record<string, string>> = { cojson: '0.20.19' }

const libraryOf = (file: string): string => /library = '(.*)'/.exec(readFileSync(sourceOf(file), 'utf8'))![1]!

const isAbsent = (file: string): boolean =>
  libraryOf(file) in OPTIONAL && !existsSync(path.join(root, 'node_modules', libraryOf(file)))

const folders = new Map<string, Promise<string>>()

const installed = async (library: string): Promise<string> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'peers-'))
  await promisify(execFile)('npm', ['install', '--prefix', folder, `${library}@${OPTIONAL[library]!}`])
  return folder
}

/** A script, and the folder that has its library. */
const load = async (file: string): Promise<readonly [Script, folder: string]> => {
  if (!isAbsent(file)) return [(await import(`./peers/${file}`)) as Script, root]
  const library = libraryOf(file)
  const installing = folders.get(library) ?? installed(library)
  folders.set(library, installing)
  const folder = await installing
  const outfile = path.join(folder, `${file}.mjs`)
  const how = { bundle: true, packages: 'external', format: 'esm', platform: 'node', logLevel: 'error' } as const
  await build({ entryPoints: [sourceOf(file)], outfile, ...how })
  return [(await import(/* @vite-ignore */ pathToFileURL(outfile).href)) as Script, folder]
}

afterAll(async () => {
  for (const installing of folders.values()) await rm(await installing, { recursive: true, force: true })
})

describe.each(files)('%s', (file) => {
  test.skipIf(isAbsent(file) && !isThorough)('shows what the library still does', { timeout: 180_000 }, async () => {
    const [{ library, found, faulty, right, mendedIn }, folder] = await load(file)
    const version = await versionOf(library, folder)
    expect(faulty).not.toEqual(right)
    if (mendedIn !== undefined) {
      expect(found, `mended in ${library} ${mendedIn}, and broken again in ${version}`).toEqual(right)
      return
    }
    const isMended = JSON.stringify(found) === JSON.stringify(right)
    expect(isMended, `mended in ${library} ${version}: say so by mendedIn, and run the peers again`).toBe(false)
    expect(found, `still so in ${library} ${version}`).toEqual(faulty)
  })

  test('is short', async () => {
    const text = await readFile(new URL(`peers/${file}`, import.meta.url), 'utf8')
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(MOST_LINES)
  })
})

describe('the table of README', () => {
  const read = (file: string): string => readFileSync(path.join(root, file), 'utf8')
  const { outcomes } = JSON.parse(read('bench/peers/results.json')) as Results
  const [, section = ''] = read('src/laws/README.md').split('## What it found')
  const rows = section.split('\n').filter((line) => /^\|.*`\w/.test(line) && line.endsWith('` |'))
  const cells = rows.map((row) => row.split('|').map((cell) => cell.trim()))

  test('names each script', () => {
    expect(cells.map((row) => row.at(-2)).sort()).toEqual(files.map((file) => `\`${path.basename(file, '.ts')}\``))
  })

  test.each(cells)('%s%s: %s is %s, as the search gave', (_, library, __, verdict, runs, steps, script) => {
    const found = Object.values(outcomes)
      .filter((one) => one.script?.split(', ').includes(script.slice(1, -1)) === true && one.seed !== undefined)
      .map((one) => [`${one.library} ${one.version}`, one.verdict, one.runs.toLocaleString('en'), String(one.steps)])
    expect(found).toContainEqual([library, verdict, runs, steps])
  })
})
