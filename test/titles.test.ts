/** FAULTS.md and the titles of the tests name the same codes in the same files. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const folder = fileURLToPath(new URL('.', import.meta.url))

const contentOf = (file: string): string => readFileSync(path.join(folder, file), 'utf8')

/** Codes at the beginning of a title, or alone in a row of `test.each`. */
const TITLE = /['"`]([NCBSR]\d+(?:, [NCBSR]\d+)*)(?:: |['"`])/g

const ROW = /^\| ([A-Z]\d+) +\|[^|]+\|[^|]+\|([^|]+)\|/gm

const titles = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .map((file) => file.split(path.sep).join('/'))
  // rows of the benchmarks have codes of their own
  .filter((file) => file.endsWith('.ts') && !file.startsWith('bench/'))
  .flatMap((file) =>
    [...contentOf(file).matchAll(TITLE)].flatMap(([, codes]) => codes!.split(', ').map((code) => [code, file])),
  )

const rows = [...contentOf('FAULTS.md').matchAll(ROW)].flatMap(([, code, files]) =>
  [...files!.matchAll(/`([^`]+)`/g)].map(([, file]) => [code!, file!]),
)

const sorted = (pairs: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> =>
  [...new Set(pairs.map((pair) => pair.join(' in ')))].sort()

test('the table of faults names every code in a title, and every file whose titles have it', () => {
  expect(rows.length).toBeGreaterThan(48)
  expect(sorted(rows)).toEqual(sorted(titles))
})

test('the table of faults names each code once', () => {
  const codes = [...contentOf('FAULTS.md').matchAll(ROW)].map(([, code]) => code)
  expect(codes).toEqual([...new Set(codes)])
})
