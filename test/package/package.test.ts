/**
 * The package as its users get it: packed, installed into an empty folder, and put to use in every
 * way.
 */
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { onFreePort } from '../examples/onFreePort.js'
import { diagnose } from './diagnose.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

const bin = path.join(root, 'node_modules', '.bin')

const execute = promisify(execFile)

const run = async (cwd: string, command: string, ...args: ReadonlyArray<string>): Promise<string> => {
  try {
    return (await execute(command, args, { cwd, maxBuffer: 1 << 26 })).stdout
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string }
    throw new Error(`${command} ${args.join(' ')}\n${stdout}\n${stderr}`, { cause: error })
  }
}

const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, unknown>>
  readonly devDependencies: Readonly<Record<string, string>>
}

const subPaths = Object.keys(manifest.exports)
  .filter((key) => key !== './package.json')
  .map((key) => key.replace('.', 'scuttlebutt-ts'))

const nodeOnly = ['scuttlebutt-ts/stream', 'scuttlebutt-ts/file']

const readme = await readFile(path.join(root, 'README.md'), 'utf8')
const inSrc = await readdir(path.join(root, 'src'), { recursive: true })
const deeper = inSrc.filter((file) => file.endsWith('.md')).map((file) => path.join(root, 'src', file))

const examplesOf = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => code!)

const examples = examplesOf([readme, ...(await Promise.all(deeper.map((file) => readFile(file, 'utf8'))))].join('\n'))

/**
 * The most that each may weigh, in kB min+gzip, without fp-ts and io-ts; and where README says what
 * it weighs.
 */
const SIZES = [
  ['the main entry', `export * from 'scuttlebutt-ts'`, 56.9, /main entry is ([\d.]+) kB/],
  ['one data type', `export { Model, scuttlebutt } from 'scuttlebutt-ts'`, 18, /with one data type, ([\d.]+) kB/],
] as const

/**
 * The most that each sub-path may add to the main entry and what it stands on, in kB min+gzip,
 * without fp-ts, io-ts and React.
 */
const ADDED = [
  ['scuttlebutt-ts/undo', 2.1, []],
  ['scuttlebutt-ts/redux', 2, ['scuttlebutt-ts/store']],
  ['scuttlebutt-ts/react', 2, []],
  // with the suite for transports and the server, which a bundler leaves out
  ['scuttlebutt-ts/connect', 18.2, ['scuttlebutt-ts/store']],
  ['scuttlebutt-ts/schema', 1, []],
  ['scuttlebutt-ts/presence', 2, ['scuttlebutt-ts/store']],
  ['scuttlebutt-ts/indexeddb', 3, ['scuttlebutt-ts/store']],
] as const

/** Peers, and what examples use beside them. */
const USED = [
  ...[
    '@reduxjs/toolkit',
    'redux',
    'immer',
    'memory-level',
    'fake-indexeddb',
    'react',
    'react-dom',
    '@types/react',
    '@types/react-dom',
  ],
  ...['zod', 'zustand', 'jotai', 'svelte', 'solid-js', '@preact/signals-core'],
  ...['ws', '@types/ws'],
]

/** Users have older compilers than ours. It is no devDependency: two have one command `tsc`. */
const OLDER_TYPESCRIPT = '5.9.3'

/** It comes from npm, for one test: some 90 MB are no devDependency. */
const BUN = '1.4.5'

let folder = ''
let installed = ''
let tarball = ''
let packed: ReadonlyArray<string> = []

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'scuttlebutt-ts-package-'))
  // `npm test` checks the types beside this
  await run(root, 'npm', 'run', 'build', '--silent', '--', '--noCheck')
  await run(root, 'npm', 'pack', '--ignore-scripts', '--silent', '--pack-destination', folder)
  await writeFile(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  const version = (name: string): string => `${name}@${manifest.devDependencies[name]!}`
  tarball = path.join(
    folder,
    (await readdir(folder)).find((file) => file.endsWith('.tgz'))!,
  )
  const peers = ['fp-ts', 'io-ts', 'fast-check', 'abstract-level', 'typescript', '@types/node'].map(version)
  const older = `typescript-5@npm:typescript@${OLDER_TYPESCRIPT}`
  const install = ['install', '--silent', '--prefer-offline', '--no-audit', '--no-fund']
  await run(folder, 'npm', ...install, tarball, ...peers, older, `bun@${BUN}`)
  installed = path.join(folder, 'node_modules', 'scuttlebutt-ts')
  packed = (await run(installed, 'find', '.', '-type', 'f'))
    .trim()
    .split('\n')
    .map((file) => file.slice(2))
  // used by examples alone
  for (const name of USED) {
    await mkdir(path.dirname(path.join(folder, 'node_modules', name)), { recursive: true })
    await symlink(path.join(root, 'node_modules', name), path.join(folder, 'node_modules', name))
  }
}, 240_000)

afterAll(async () => {
  await rm(folder, { recursive: true })
})

describe('The packed package', () => {
  test('holds what it needs and nothing else', () => {
    for (const file of packed) {
      expect(file).toMatch(
        /^(dist\/.*\.(js|d\.ts)(\.map)?|src\/.*(\.ts|README\.md)|package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
      )
    }
  })

  test('leads from every declaration and every script to its source', async () => {
    const compiled = packed.filter((file) => /^dist\/.*\.(js|d\.ts)$/.test(file))
    expect(compiled.length).toBeGreaterThan(100)
    for (const file of compiled) {
      const map = JSON.parse(await readFile(path.join(installed, `${file}.map`), 'utf8')) as {
        readonly sources: ReadonlyArray<string>
      }
      const sources = map.sources.map((source) => path.join(path.dirname(file), source))
      expect(sources.length).toBe(1)
      expect(packed).toContain(sources[0])
    }
  })

  test('is there for import and for require, by plain node', async () => {
    const names = JSON.stringify(subPaths)
    const ask = (how: string) =>
      run(folder, 'node', '-e', `${names}.reduce(async (told, name) => { await told; ${how} }, Promise.resolve())`)
    const imported = await ask('console.log(name, Object.keys(await import(name)).join())')
    const required = await ask('console.log(name, Object.keys(require(name)).join())')
    expect(required).toBe(imported)
    const lines = imported.trim().split('\n')
    expect(lines.map((line) => line.split(' ')[0])).toEqual(subPaths)
    for (const line of lines) expect(line).toMatch(/^\S+ \w+/)
  })

  test.each([
    ['nodenext', 'nodenext', 'typescript'],
    ['esnext', 'bundler', 'typescript-5'],
  ])(
    'is typed, as module %s under %s by %s, and the examples of the READMEs with it',
    async (module, resolution, compiler) => {
      const uses = subPaths.map(
        (subPath, i) =>
          `import * as m${String(i)} from '${subPath}'\nexport const k${String(i)}: object = m${String(i)}`,
      )
      await writeFile(path.join(folder, 'use.ts'), uses.join('\n'))
      const files = examples.map((_, i) => `readme${String(i)}.ts`)
      for (const [i, file] of files.entries()) await writeFile(path.join(folder, file), examples[i]!)
      // a user's exported values must have types that can be named from outside
      await cp(path.join(root, 'test', 'package', 'uses', 'named.ts'), path.join(folder, 'named.ts'))
      // with schemas, a user's files import neither fp-ts nor io-ts
      const schemas = await readFile(path.join(root, 'test', 'package', 'uses', 'schemas.ts'), 'utf8')
      expect(schemas).not.toMatch(/from '(fp-ts|io-ts)/)
      await writeFile(path.join(folder, 'schemas.ts'), schemas)
      await cp(path.join(root, 'test', 'package', 'uses', 'commands.ts'), path.join(folder, 'commands.ts'))
      // one that is wrong, for silence could mean that nobody looked
      await writeFile(path.join(folder, 'wrong.ts'), `import { scuttlebutt } from 'scuttlebutt-ts'\nscuttlebutt(1)`)
      const all = ['use.ts', 'named.ts', 'schemas.ts', 'commands.ts', ...files, 'wrong.ts']
      const told = diagnose(folder, all, { module, resolution, compiler })
      expect(told).toEqual([expect.stringMatching(/^wrong\.ts:2: /)])
    },
    180_000,
  )

  test.each(examplesOf(readme).map((code, i) => [i + 1, code] as const))(
    'runs example %i of the README as it stands, by plain node',
    async (i, code) => {
      await writeFile(path.join(folder, `example${String(i)}.mjs`), await onFreePort(code))
      await run(folder, 'node', `example${String(i)}.mjs`)
    },
  )

  test('prints what the first example of the README says, by plain node', async () => {
    const [code] = examples
    const printed = [...code!.matchAll(/^console\.log\(.*\) \/\/ => (.*)$/gm)].map(([, value]) => value!)
    expect(printed.length).toBe(1)
    await writeFile(path.join(folder, 'first.mjs'), code!)
    expect(await run(folder, 'node', 'first.mjs')).toBe(`${printed.join('\n')}\n`)
  })

  test.each(subPaths.filter((subPath) => !nodeOnly.includes(subPath)))(
    '%s is bundled for a browser, and runs there',
    async (subPath) => {
      await writeFile(
        path.join(folder, 'browser.js'),
        `import * as m from '${subPath}'\nglobalThis.seen = Object.keys(m)`,
      )
      const { outputFiles } = await build({
        absWorkingDir: folder,
        entryPoints: ['browser.js'],
        bundle: true,
        write: false,
        platform: 'browser',
        format: 'iife',
      })
      const code = outputFiles[0]!.text
      // a name in a text is no import
      expect(code).not.toMatch(/\brequire\(|(from|import\()\s*['"]node:/)
      // a context of its own has no globals but these, as no module of node is in it
      const sandbox: { readonly seen?: ReadonlyArray<string> } & Record<string, unknown> = {
        ...{ TextEncoder, TextDecoder, setTimeout, clearTimeout, btoa, atob },
      }
      runInNewContext(code, sandbox)
      expect(sandbox.seen?.join()).toMatch(/\w/)
    },
  )

  test('proves its types by plain calls, in node:test, in jest and in Bun', async () => {
    const file = (name: string, ...lines: ReadonlyArray<string>) => writeFile(path.join(folder, name), lines.join('\n'))
    await file(
      'cases.js',
      `import * as fc from 'fast-check'`,
      `import * as t from 'io-ts'`,
      `import { Model } from 'scuttlebutt-ts'`,
      `import { assertDataType, checkDataType } from 'scuttlebutt-ts/laws'`,
      `const change = fc.tuple(fc.constantFrom('x', 'y'), fc.nat(3))`,
      `const apply = (updates) => (state) => ({ state: updates.length === 0 ? state : [...state, ...updates], superseded: [] })`,
      `export const right = () => assertDataType(Model.of(t.number), { change, runs: 200 })`,
      `export const wrong = () => assertDataType({ name: 'byArrival', change: t.unknown, empty: [], apply }, { change, seed: 1 })`,
      `export const checked = () => checkDataType(Model.of(t.number), { change, runs: 200 })._tag`,
    )
    await file('plain.js', `import { checked } from './cases.js'`, `console.log(checked())`)
    expect(await run(folder, 'node', 'plain.js')).toBe('Right\n')
    await file(
      'node.test.js',
      `import { test } from 'node:test'`,
      `import { right, wrong } from './cases.js'`,
      `test('right', right)`,
      `test('wrong', wrong)`,
    )
    const told = /byArrival: diverged\. The law (convergence|digests): replicas/
    await expect(run(folder, 'node', '--test', 'node.test.js')).rejects.toThrow(told)
    await file(
      'jest.test.js',
      `import { right, wrong } from './cases.js'`,
      `test('right', right)`,
      `test('wrong', () => { expect(wrong).toThrow(${String(told)}) })`,
    )
    const jest = path.join(root, 'node_modules', 'jest', 'bin', 'jest.js')
    const config = JSON.stringify({ rootDir: folder, testMatch: ['**/jest.test.js'], transform: {} })
    await run(folder, 'node', '--experimental-vm-modules', jest, '--config', config)
    const bun = path.join(folder, 'node_modules', '.bin', 'bun')
    await file(
      'bun.test.js',
      `import { expect, test } from 'bun:test'`,
      `import { right, wrong } from './cases.js'`,
      `test('right', right, 60_000)`,
      `test('wrong', () => { expect(wrong).toThrow(${String(told)}) }, 60_000)`,
      `test('runs in Bun', () => { expect(typeof Bun.version).toBe('string') })`,
    )
    await run(folder, bun, 'test', './bun.test.js')
  })

  const kilobytesOf = async (contents: string): Promise<number> => {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: folder },
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      external: ['fp-ts', 'io-ts', 'react'],
    })
    return gzipSync(outputFiles[0]!.contents, { level: 9 }).length / 1000
  }

  test.each(ADDED)('%s adds at most %d kB to the main entry', async (subPath, most, others) => {
    const below = ['scuttlebutt-ts', ...others].map((name) => `export * from '${name}'\n`).join('')
    const added = (await kilobytesOf(`${below}export * from '${subPath}'`)) - (await kilobytesOf(below))
    expect(added).toBeLessThanOrEqual(most)
  })

  test.each(SIZES)('%s is of the size that the README says', async (_, contents, most, claim) => {
    const kilobytes = await kilobytesOf(contents)
    const [, claimed] = claim.exec(readme)!
    expect(kilobytes).toBeLessThan(most)
    expect(Math.abs(kilobytes - Number(claimed))).toBeLessThan(0.1)
  })

  test('leaves publint and attw nothing to say', async () => {
    await run(root, path.join(bin, 'publint'), 'run', '--strict', tarball)
    await run(root, path.join(bin, 'attw'), tarball)
  })
})
