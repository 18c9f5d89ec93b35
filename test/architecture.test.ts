import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const src = fileURLToPath(new URL('../src', import.meta.url))

/** The layers that a layer may import: a partial order, which README draws. Siblings do not mix. */
const CORE = ['structures', 'core']
const WHOLE = [...CORE, 'data', 'wire', 'trust', 'gossip', 'scuttlebutt']
const BELOW: Readonly<Record<string, ReadonlyArray<string>>> = {
  structures: [],
  core: ['structures'],
  data: CORE,
  wire: CORE,
  trust: CORE,
  gossip: CORE,
  scuttlebutt: [...CORE, 'data', 'wire', 'trust', 'gossip'],
  index: WHOLE,
  laws: [...WHOLE, 'index'],
  adapters: [...WHOLE, 'index'],
}

const files = (await readdir(src, { recursive: true })).filter((file) => file.endsWith('.ts')).sort()

const layerOf = (file: string): string => file.split(path.sep)[0]!.replace(/\.ts$/, '')

const importsOf = async (file: string): Promise<ReadonlyArray<string>> => {
  const text = await readFile(path.join(src, file), 'utf8')
  return [...text.matchAll(/(?:from|import) '([^']+)'/g)].map(([, specifier]) => specifier!)
}

describe.each(files)('src/%s', (file) => {
  const layer = layerOf(file)

  test('belongs to a layer, and imports only from layers below', async () => {
    expect(Object.keys(BELOW)).toContain(layer)
    for (const specifier of (await importsOf(file)).filter((one) => one.startsWith('.'))) {
      const target = layerOf(path.relative(src, path.join(src, path.dirname(file), specifier)).replace(/\.js$/, ''))
      expect([layer, ...BELOW[layer]!], specifier).toContain(target)
    }
  })
})

describe.each(files.filter((file) => layerOf(file) !== 'adapters'))('src/%s', (file) => {
  const layer = layerOf(file)

  test('is pure: no Node, no clock, no randomness, no I/O', async () => {
    const allowed = layer === 'laws' ? /^(\.|fp-ts$|io-ts$|diff$|fast-check$)/ : /^(\.|fp-ts$|io-ts$|diff$)/
    for (const specifier of await importsOf(file)) expect(specifier).toMatch(allowed)
    const code = (await readFile(path.join(src, file), 'utf8')).replace(/\/\*[^]*?\*\/|\/\/.*/g, '')
    expect(code).not.toMatch(/\b(Date|performance|Math\.random|crypto|setTimeout|setInterval|process|console|fetch)\b/)
  })
})

test('imports no fp-ts or io-ts value in the core', async () => {
  for (const file of files.filter((one) => layerOf(one) === 'core')) {
    const text = await readFile(path.join(src, file), 'utf8')
    expect(text, file).not.toMatch(/^import (?!type).*'(fp-ts|io-ts)'/m)
  }
})

test('no circle of imports, types included', async () => {
  const edges = new Map<string, ReadonlyArray<string>>()
  for (const file of files) {
    const relative = (await importsOf(file)).filter((one) => one.startsWith('.'))
    edges.set(
      file,
      relative.map((one) => path.join(path.dirname(file), one).replace(/\.js$/, '.ts')),
    )
  }
  const isDone = new Set<string>()
  const circleFrom = (file: string, trail: ReadonlyArray<string>): ReadonlyArray<string> | undefined => {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file]
    if (isDone.has(file)) return undefined
    for (const next of edges.get(file) ?? []) {
      const circle = circleFrom(next, [...trail, file])
      if (circle !== undefined) return circle
    }
    isDone.add(file)
    return undefined
  }
  const circles = files.flatMap((file) => circleFrom(file, [])?.join(' → ') ?? [])
  expect([...new Set(circles)]).toEqual([])
})
