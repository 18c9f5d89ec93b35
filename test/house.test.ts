/** How the source reads: short functions, files that fit a few screens, narrow comments. */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

const FOLDERS = ['src', 'test', 'bench']
const MAX_COMMENT_WIDTH = 100
const MAX_FUNCTION_LINES = 60
const MAX_FILE_LINES = 400

interface Source {
  readonly name: string
  readonly text: string
}

const sources: ReadonlyArray<Source> = await Promise.all(
  FOLDERS.map(async (folder) => {
    const names = (await readdir(path.join(root, folder), { recursive: true })).filter((name) => /\.tsx?$/.test(name))
    return Promise.all(
      names.map(async (name) => {
        const file = path.join(folder, name)
        return { name: file, text: await readFile(path.join(root, file), 'utf8') }
      }),
    )
  }),
).then((folders) => folders.flat())

const ours = sources.filter(({ name }) => name.startsWith('src'))

const linesOf = ({ text }: Source): ReadonlyArray<string> => text.split('\n')

const longFunctionsIn = ({ name, text }: Source): ReadonlyArray<string> => {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true)
  const lineAt = (position: number): number => file.getLineAndCharacterOfPosition(position).line
  const long: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const [first, last] = [lineAt(node.getStart()), lineAt(node.end)]
      if (last - first + 1 > MAX_FUNCTION_LINES) long.push(`${name}:${String(first + 1)}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return long
}

describe('The source', () => {
  test('is found', () => {
    expect(ours.length).toBeGreaterThan(100)
  })

  test('has no comment wider than 100 columns', () => {
    const wide = sources.flatMap((source) =>
      linesOf(source).flatMap((line, i) =>
        line.length > MAX_COMMENT_WIDTH && /^\s*(?:\/\*\*|\*|\/\/)/.test(line)
          ? [`${source.name}:${String(i + 1)}`]
          : [],
      ),
    )
    expect(wide).toEqual([])
  })

  test('has no function over 60 lines', () => {
    expect(ours.flatMap(longFunctionsIn)).toEqual([])
    const long = `const f = () => {\n${'  g()\n'.repeat(MAX_FUNCTION_LINES)}}`
    expect(longFunctionsIn({ name: 'long.ts', text: long })).toEqual(['long.ts:1'])
  })

  test('has no file over 400 lines', () => {
    const long = ours.filter((source) => linesOf(source).length - 1 > MAX_FILE_LINES)
    expect(long.map(({ name }) => name)).toEqual([])
  })
})
