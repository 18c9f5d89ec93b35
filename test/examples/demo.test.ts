import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

const inNpm = ['npm', 'run', '--silent', 'demo', '--'] as const

type How = readonly [program: string, ...ReadonlyArray<string>]

/** Built once: npm and tsx take most of the time of each of the four processes of a demo. */
let built: How = [process.execPath]

const demo = async (
  [program, ...before]: How,
  ...args: ReadonlyArray<string>
): Promise<readonly [code: number, output: string]> => {
  const child = spawn(program, [...before, ...args], { cwd: root })
  let output = ''
  for (const pipe of [child.stdout, child.stderr]) pipe.on('data', (chunk) => (output += String(chunk)))
  const [code] = (await once(child, 'close')) as [number]
  return [code, output]
}

let folder = ''

beforeAll(async () => {
  // within the project, so that the processes find its packages
  await mkdir(path.join(root, 'build'), { recursive: true })
  folder = await mkdtemp(path.join(root, 'build', 'demo-'))
  await build({
    absWorkingDir: path.join(root, 'test/examples/demo'),
    entryPoints: ['demo.ts', 'replica.ts'],
    outdir: folder,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    banner: { js: `import { createRequire as from } from 'node:module'; const require = from(import.meta.url)` },
  })
  built = [process.execPath, path.join(folder, 'demo.js')]
})

afterAll(async () => {
  await rm(folder, { recursive: true })
})

test.each([
  ['the packages of our lock file', undefined],
  ['a JSON object', { a: 1, b: { c: ['é'] }, gone: null, 'x y': 'z' }],
  ['a JSON array', [1, 'two', null, { three: 3 }]],
  ['an empty array', []],
])('The demo replicates %s between three processes, and ends well', async (_, data) => {
  const file = path.join(folder, 'data.json')
  if (data !== undefined) await writeFile(file, JSON.stringify(data))
  const [code, output] = await (data === undefined ? demo(inNpm) : demo(built, file))
  expect(output).toContain('All replicas are equal.')
  expect(output).toContain('bob and carol differ')
  expect(code).toBe(0)
})

test('The demo exits with an error when there is nothing to replicate', async () => {
  const file = path.join(folder, 'data.json')
  await writeFile(file, '"a string"')
  expect((await demo(inNpm, file))[0]).not.toBe(0)
  expect((await demo(built, path.join(folder, 'none.json')))[0]).not.toBe(0)
})
