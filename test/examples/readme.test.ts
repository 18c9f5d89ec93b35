/** The READMEs against the sources: tables, links, figures, the picture of the layers. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { FileError } from '../../src/adapters/file.js'
import type { LevelError } from '../../src/adapters/level.js'
import type { KeyError } from '../../src/adapters/security.js'
import type { AppendOnly, Doc, RArray, Rejection, Replay, Text } from '../../src/index.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8')

const inSrc = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' }).map((file) => `src/${file}`)

const readmes = ['README.md', ...inSrc.filter((file) => file.endsWith('.md')).sort()]

const readme = read('README.md')

/** The first column of the table whose header begins with a title. */
const column = (file: string, title: string): ReadonlyArray<string> => {
  const text = read(file)
  const rows = text
    .slice(text.indexOf(`\n| ${title} |`) + 1)
    .split('\n\n')[0]!
    .trim()
    .split('\n')
    .slice(2)
  return rows.map((row) => row.split('|')[1]!.trim().replaceAll('`', ''))
}

/** All tags of a union: the compiler wants each, and no other. */
type Tags<A extends { readonly _tag: string }> = Readonly<Record<A['_tag'], true>>

const rejections: Tags<Rejection> = {
  InvalidJson: true,
  LineTooLong: true,
  TooDeep: true,
  InvalidHeader: true,
  SecondHeader: true,
  InvalidMessage: true,
  InvalidUpdate: true,
  InvalidTimestamp: true,
  TooFarAhead: true,
  TooLarge: true,
  InvalidChange: true,
  Equivocation: true,
  Unsigned: true,
  Unsignable: true,
  Forged: true,
  NoKey: true,
  HeldBack: true,
  Unauthorized: true,
  TooMany: true,
  Stranger: true,
  OtherType: true,
  Gap: true,
  Crowded: true,
  AheadOfClock: true,
  Failed: true,
  TimestampsExhausted: true,
  Silent: true,
}

const ofCommands: Tags<
  | RArray.Refusal
  | AppendOnly.UnknownItem
  | Doc.UnknownRow
  | Doc.IdChanged
  | Text.Refusal
  | Doc.InvalidId
  | Doc.NoRoom
  | Replay.ReducerThrew
> = {
  IndexOutOfRange: true,
  NoItem: true,
  NoRoom: true,
  UnknownItem: true,
  UnknownRow: true,
  IdChanged: true,
  SplitsPair: true,
  InvalidId: true,
  ReducerThrew: true,
}

const ofFiles: Tags<FileError> = {
  Io: true,
  OtherType: true,
  OtherId: true,
  Locked: true,
  Linked: true,
  NotAFile: true,
  Occupied: true,
  Corrupt: true,
  Foreign: true,
  Rejected: true,
  Closed: true,
}

const ofLevels: Tags<LevelError> = {
  Level: true,
  Locked: true,
  OtherType: true,
  OtherId: true,
  Rejected: true,
  Closed: true,
}

const ofKeys: Tags<KeyError> = {
  Unsupported: true,
  InvalidKey: true,
  WrongKey: true,
  WeakKey: true,
  Passphrase: true,
  Exposed: true,
  KeyFile: true,
}

test.each([
  ['README.md', '`_tag`', rejections],
  ['src/data/README.md', '`_tag`', ofCommands],
  ['src/adapters/file/README.md', 'error', ofFiles],
  ['src/adapters/level/README.md', 'error', ofLevels],
  ['src/adapters/security/README.md', 'error of keys', ofKeys],
])('%s has a table of all errors, and of no others', (file, title, tags) => {
  expect([...column(file, title)].sort()).toEqual(Object.keys(tags).sort())
})

test('README has at most 300 lines, and code within the first ten', () => {
  const lines = readme.split('\n')
  expect(lines.length - 1).toBeLessThanOrEqual(300)
  expect(lines.findIndex((line) => line.startsWith('```ts'))).toBeLessThan(10)
})

describe.each(readmes)('%s', (file) => {
  const links = [...read(file).matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link!)

  test('links to what is there', () => {
    for (const link of links) {
      const [target, heading] = link.split('#')
      const linked = target === '' ? file : path.join(path.dirname(file), target!)
      expect(existsSync(path.join(root, linked)), link).toBe(true)
      if (heading === undefined) continue
      const headings = [...read(linked).matchAll(/^#+ (.+)$/gm)].map(([, text]) =>
        text!
          .toLowerCase()
          .replaceAll(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      )
      expect(headings, link).toContain(heading)
    }
  })

  test('is reached from README', () => {
    if (file !== 'README.md') expect(readme).toContain(`](${file})`)
  })
})

test('none of our files imports a value of fp-ts', () => {
  for (const file of inSrc.filter((one) => one.endsWith('.ts'))) {
    expect(read(file), file).not.toMatch(/^(import (?!type)|export (?!type)).* from 'fp-ts/m)
  }
})

test('README draws every layer', () => {
  const layers = new Set(inSrc.map((file) => file.split('/')[1]!.replace(/\.ts$/, '')))
  const order = 'structures < core < { data, wire, trust } < scuttlebutt < index < { laws, adapters }'
  expect(readme).toContain(order)
  expect([...layers].sort()).toEqual(order.match(/\w+/g)!.sort())
  const picture = readme.slice(readme.indexOf('## The layers')).split('```')[1]!
  for (const layer of layers) expect(picture).toMatch(new RegExp(`\\b${layer}\\b`))
})

test('the figures of README are those of bench/RESULTS.md', () => {
  const results = read('bench/RESULTS.md')
  const [, costs] = readme.split('## Costs')
  const [, commit] = /at commit (\w+)/.exec(costs!)!
  expect(results).toContain(`at commit ${commit!}`)
  const rows = costs!.split('\n').filter((line) => line.startsWith('| ') && /\d/.test(line))
  expect(rows.length).toBeGreaterThan(4)
  for (const row of rows) {
    const figures = row
      .split('|')
      .slice(3)
      .join()
      .match(/\d[\d.,]*\d|\d/g)!
    for (const figure of figures) expect(results, row).toContain(figure)
  }
})
