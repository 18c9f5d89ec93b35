import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const src = fileURLToPath(new URL('../src', import.meta.url))

/** Imports point down this list, never up. */
const LAYERS = ['core', 'data', 'wire', 'scuttlebutt', 'index', 'laws', 'security', 'adapters']

const files = (await readdir(src, { recursive: true })).filter((file) => file.endsWith('.ts')).sort()

const layerOf = (file: string): string => file.split(path.sep)[0]!.replace(/\.ts$/, '')

const importsOf = async (file: string): Promise<ReadonlyArray<string>> => {
  const text = await readFile(path.join(src, file), 'utf8')
  return [...text.matchAll(/(?:from|import) '([^']+)'/g)].map(([, specifier]) => specifier!)
}

describe.each(files)('src/%s', (file) => {
  const layer = layerOf(file)

  test('stands in a layer, and imports from none above', async () => {
    expect(LAYERS).toContain(layer)
    for (const specifier of (await importsOf(file)).filter((one) => one.startsWith('.'))) {
      const target = layerOf(path.relative(src, path.join(src, path.dirname(file), specifier)).replace(/\.js$/, ''))
      expect(LAYERS.indexOf(target), specifier).toBeLessThanOrEqual(LAYERS.indexOf(layer))
    }
  })
})

describe.each(files.filter((file) => layerOf(file) !== 'adapters'))('src/%s', (file) => {
  const layer = layerOf(file)

  test('is pure: no Node, no clock, no dice, no I/O', async () => {
    const allowed = layer === 'laws' ? /^(\.|fp-ts$|io-ts$|diff$|fast-check$)/ : /^(\.|fp-ts$|io-ts$|diff$)/
    for (const specifier of await importsOf(file)) expect(specifier).toMatch(allowed)
    const code = (await readFile(path.join(src, file), 'utf8')).replace(/\/\*[^]*?\*\/|\/\/.*/g, '')
    expect(code).not.toMatch(/\b(Date|performance|Math\.random|crypto|setTimeout|setInterval|process|console|fetch)\b/)
  })
})

test('nothing but the kit itself stands on the kit', async () => {
  for (const file of files.filter((one) => layerOf(one) !== 'laws')) {
    expect(await importsOf(file), file).not.toContainEqual(expect.stringMatching(/laws/))
  }
})

test('the core needs no code of fp-ts or io-ts at run time, only their types', async () => {
  for (const file of files.filter((one) => layerOf(one) === 'core')) {
    const text = await readFile(path.join(src, file), 'utf8')
    expect(text, file).not.toMatch(/^import (?!type).*'(fp-ts|io-ts)'/m)
  }
})
