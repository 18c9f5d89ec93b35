/** Runs every fenced example of the README and of the docstrings: `expression // => value` must hold. */
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Example {
  readonly name: string
  readonly code: string
  /** What a docstring's example may use without saying so. */
  readonly prelude: string
}

const readme: ReadonlyArray<Example> = [
  ...readFileSync(path.join(root, 'README.md'), 'utf8').matchAll(/```ts\n([^]*?)```/g),
].map(([, code], i) => ({ name: `README.md, example ${String(i + 1)}`, code: code!, prelude: '' }))

/** The module itself, by its names, and what a user would have at hand. */
const preludeFor = (file: string): string => `
import { either as E, option as O } from 'fp-ts'
import * as fc from 'fast-check'
import * as t from 'io-ts'
import { AppendOnly, Doc, Events, ExpiryModel, Model, RArray, REdit, Replay, Scuttlebucket, scuttlebutt, unwrap } from 'scuttlebutt-ts'
import { createStore } from 'scuttlebutt-ts/store'
import { MemoryLevel } from 'memory-level'
const file = ${JSON.stringify(path.join(root, 'build', `example-${String(process.pid)}.sb`))}
import * as Self from ${JSON.stringify(path.join(root, 'src', file))}
${file.startsWith('laws') ? "import * as Laws from 'scuttlebutt-ts/laws'\nconst { check, operations, states, simulate } = Laws" : ''}
const { ${[...readFileSync(path.join(root, 'src', file), 'utf8').matchAll(/^export (?:const|function) (\w+)/gm)]
  .map(([, name]) => name!)
  .filter(
    (name) => !['scuttlebutt', 'unwrap', 'createStore', 'check', 'operations', 'states', 'simulate'].includes(name),
  )
  .join(', ')} } = Self
`

const docstrings: ReadonlyArray<Example> = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) =>
    [...readFileSync(path.join(root, 'src', file), 'utf8').matchAll(/@example\n([^]*?)\*\//g)].map(
      ([, comment], i) => ({
        name: `src/${file}, example ${String(i + 1)}`,
        code: comment!.replace(/^ *\* ?/gm, ''),
        prelude: preludeFor(file),
      }),
    ),
  )

/** A line `a // => b` becomes a comparison. */
const asTest = (code: string): string =>
  code.replace(/^(?!\s*(?:const|let|import|export)\b)(.+?)\s*\/\/ => (.+)$/gm, 'same($1, $2)')

let folder = ''

beforeAll(async () => {
  await mkdir(path.join(root, 'build'), { recursive: true })
  folder = await mkdtemp(path.join(root, 'build', 'examples-'))
})

afterAll(async () => {
  await rm(folder, { recursive: true })
})

describe.each([...readme, ...docstrings])('$name', ({ name, code, prelude }) => {
  test('runs, and says what it says', async () => {
    const checks = [...code.matchAll(/\/\/ => /g)].length
    const file = path.join(folder, `${name.replace(/\W+/g, '-')}.ts`)
    await writeFile(file, prelude + asTest(code))
    const out = `${file}.mjs`
    await build({
      entryPoints: [file],
      outfile: out,
      bundle: true,
      format: 'esm',
      platform: 'node',
      external: ['diff', 'fp-ts', 'io-ts', 'fast-check', 'vitest'],
      tsconfig: path.join(root, 'tsconfig.json'),
      logLevel: 'silent',
    })
    const seen: unknown[] = []
    Object.assign(globalThis, {
      same: (actual: unknown, expected: unknown) => {
        seen.push(actual)
        expect(actual).toEqual(expected)
      },
    })
    await import(/* @vite-ignore */ pathToFileURL(out).href)
    expect(seen.length).toBe(checks)
  })
})

test('there are examples', () => {
  expect(readme.length).toBeGreaterThan(2)
  expect(docstrings.length).toBeGreaterThan(4)
})
