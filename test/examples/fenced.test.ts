/**
 * Runs every fenced example of the READMEs and of the docstrings: `expression // => value` must
 * hold.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { inMemory } from '../runs.js'
import { onFreePort } from './onFreePort.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const src = path.join(root, 'src')

interface Example {
  readonly name: string
  readonly code: string
  /**
   * The module, within src, whose docstring it stands in. A README's example imports what it uses.
   */
  readonly module?: string
}

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8')

const inSrc = readdirSync(src, { recursive: true, encoding: 'utf8' }).sort()

const readmes: ReadonlyArray<Example> = [
  'README.md',
  ...inSrc.filter((file) => file.endsWith('.md')).map((file) => `src/${file}`),
].flatMap((file) =>
  [...read(file).matchAll(/```ts\n([^]*?)```/g)].map(([, code], i) => ({
    name: `${file}, example ${String(i + 1)}`,
    code: code!,
  })),
)

const modules = inSrc.filter((file) => file.endsWith('.ts'))

const docstrings: ReadonlyArray<Example> = modules.flatMap((module) =>
  [...read(`src/${module}`).matchAll(/@example\n([^]*?)\*\//g)].map(([, comment], i) => ({
    name: `src/${module}, example ${String(i + 1)}`,
    code: comment!.replace(/^ *\* ?/gm, ''),
    module,
  })),
)

/** The sub-paths of the package by their modules, within src. */
const subPaths = new Map(
  Object.entries((JSON.parse(read('package.json')) as { exports: Record<string, { default?: string }> }).exports)
    .filter(([, { default: file }]) => file !== undefined)
    .map(([key, { default: file }]) => [
      file!.replace(/^\.\/dist\/(.*)\.js$/, '$1.ts'),
      key.replace('.', 'scuttlebutt-ts'),
    ]),
)

/** The names that each module of src exports. */
const exportsOf = async (): Promise<ReadonlyMap<string, ReadonlyArray<string>>> => {
  const { metafile } = await build({
    entryPoints: modules.map((module) => path.join(src, module)),
    outdir: path.join(root, 'build', 'names'),
    outbase: src,
    absWorkingDir: root,
    format: 'esm',
    metafile: true,
    write: false,
  })
  const names = Object.values(metafile.outputs).flatMap(({ entryPoint, exports }) =>
    entryPoint === undefined ? [] : [[path.relative('src', entryPoint), exports] as const],
  )
  return new Map(names)
}

/**
 * Imports of the names that a docstring's example uses and that its module or the package exports.
 * The example imports whatever else it uses.
 */
const preludeOf = (
  { module, code }: Example,
  namesByModule: ReadonlyMap<string, ReadonlyArray<string>>,
): ReadonlyArray<string> => {
  if (module === undefined) return []
  const own = [...code.matchAll(/\b(?:const|let|import) (?:\{([^}]*)\}|\[([^\]]*)\]|\* as (\w+)|(\w+))/g)]
    .flatMap((match) => match.slice(1).join().split(','))
    .map((name) => name.split(':').at(-1)!.trim())
  const used = new Set(code.match(/(?<!\.)\b[A-Za-z]\w*/g)?.filter((name) => !own.includes(name)))
  const offered: ReadonlyArray<readonly [module: string, specifier: string]> = [
    [module, path.join(src, module)],
    ...subPaths,
  ]
  const lines: string[] = []
  for (const [from, specifier] of offered) {
    const names = (namesByModule.get(from) ?? []).filter((name) => used.delete(name))
    if (names.length > 0) lines.push(`import { ${names.join(', ')} } from ${JSON.stringify(specifier)}`)
  }
  return lines
}

/** A line `a // => b` becomes a comparison; what is printed is compared too. */
const asTest = (code: string): string =>
  code.replace(
    /^(?!\s*(?:const|let|import|export)\b)(?:console\.log\((.+)\)|(.+?))\s*\/\/ => (.+)$/gm,
    (_, printed: string | undefined, said: string | undefined, value: string) =>
      `same(${printed ?? said ?? ''}, ${value})`,
  )

/** Packages that examples use, loaded as they are. */
const OTHERS = [
  ...[
    'diff',
    'fp-ts',
    'io-ts',
    'fast-check',
    'memory-level',
    'fake-indexeddb',
    '@reduxjs/toolkit',
    'immer',
    'redux',
    'react',
    'react-dom',
    'ws',
  ],
  ...['ws', 'zod', 'zustand', 'jotai', 'svelte', 'solid-js', '@preact/signals-core'],
]

const nameOf = ({ name }: Example): string => name.replace(/\W+/g, '-')

let folder = ''

beforeAll(async () => {
  await mkdir(path.join(root, 'build'), { recursive: true })
  folder = await mkdtemp(path.join(root, 'build', 'examples-'))
  const namesByModule = await exportsOf()
  const files = [...readmes, ...docstrings].map(async (example) => {
    const file = path.join(folder, `${nameOf(example)}.ts`)
    await writeFile(file, [...preludeOf(example, namesByModule), await onFreePort(asTest(example.code))].join('\n'))
    return file
  })
  await build({
    entryPoints: await Promise.all(files),
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    platform: 'node',
    external: OTHERS,
    tsconfig: path.join(root, 'tsconfig.json'),
    logLevel: 'silent',
  })
  process.chdir(folder) // examples that open files open them there
  // with 100 runs, one time in 70 chance gives the first one of the kit less than it requires
  fc.configureGlobal({ ...fc.readConfigureGlobal(), numRuns: inMemory(2000) })
})

afterAll(async () => {
  vi.unstubAllGlobals()
  process.chdir(root)
  await rm(folder, { recursive: true })
})

describe.each([...readmes, ...docstrings])('$name', (example) => {
  test('runs, and says what it says', async () => {
    const checks = [...example.code.matchAll(/\/\/ => /g)].length
    const seen: unknown[] = []
    vi.stubGlobal('same', (actual: unknown, expected: unknown) => {
      seen.push(actual)
      expect(actual).toEqual(expected)
    })
    await import(/* @vite-ignore */ pathToFileURL(path.join(folder, `${nameOf(example)}.mjs`)).href)
    expect(seen.length).toBe(checks)
  })
})

test('there are examples', () => {
  expect(readmes.length).toBeGreaterThan(2)
  expect(docstrings.length).toBeGreaterThan(4)
})
