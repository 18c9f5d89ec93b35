import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

const inNpm = ['npm', 'run', '--silent', 'demo', '--'] as const

/** Without npm, whose start takes as long as a replica's. */
const alone = [process.execPath, '--import', 'tsx', 'test/examples/demo/demo.ts'] as const

type How = typeof inNpm | typeof alone

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
  folder = await mkdtemp(path.join(tmpdir(), 'scuttlebutt-ts-demo-'))
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
  const [code, output] = await (data === undefined ? demo(inNpm) : demo(alone, file))
  expect(output).toContain('All replicas are equal.')
  expect(output).toContain('bob and carol differ')
  expect(code).toBe(0)
})

test('The demo exits with an error when there is nothing to replicate', async () => {
  const file = path.join(folder, 'data.json')
  await writeFile(file, '"a string"')
  expect((await demo(inNpm, file))[0]).not.toBe(0)
  expect((await demo(alone, path.join(folder, 'none.json')))[0]).not.toBe(0)
})
