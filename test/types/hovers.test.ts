/** What an editor shows for a bucket: the quick info of TypeScript's language service. */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

const program = `
import * as t from 'io-ts'
import { Doc, Events, Model, RArray, REdit, Replay, Scuttlebucket, scuttlebutt, type StateOf } from '../../src/index.js'

const bucket = Scuttlebucket.of({
  notes: REdit,
  cards: Doc.of(t.string),
  votes: Replay.of((sum, by) => sum + by, 0, t.number),
  names: RArray.of(t.string),
})
const board = scuttlebutt(bucket)
type BoardState = StateOf<typeof board>

const room = Scuttlebucket.of({
  settings: Model.of(t.number),
  chat: Events.of(t.string),
  list: RArray.of(t.string),
  cards: Doc.of(t.string),
})
const app = scuttlebutt(room)
type AppState = StateOf<typeof app>
`

const file = path.join(root, 'test', 'types', 'hovers.program.ts')

const readFile = (name: string): string | undefined => (name === file ? program : ts.sys.readFile(name))

const service = ts.createLanguageService({
  getScriptFileNames: () => [file],
  getScriptVersion: () => '1',
  getScriptSnapshot: (name) => {
    const text = readFile(name)
    return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
  },
  getCurrentDirectory: () => root,
  getCompilationSettings: () => ({
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    types: [],
  }),
  getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
  fileExists: (name) => name === file || ts.sys.fileExists(name),
  readFile,
})

const hover = (declaration: string): string => {
  const info = service.getQuickInfoAtPosition(file, program.indexOf(declaration) + declaration.indexOf(' ') + 1)
  return (info?.displayParts ?? []).map(({ text }) => text).join('')
}

describe('The hover of a bucket with four parts', () => {
  test('has no errors in its program', () => {
    expect(service.getSemanticDiagnostics(file).map(({ messageText }) => messageText)).toEqual([])
  })

  test.each(['const bucket', 'const board', 'type BoardState', 'const room', 'const app', 'type AppState'])(
    '%s has at most 200 characters and names the type of each part',
    (declaration) => {
      const shown = hover(declaration)
      const parts = /bucket|board/i.test(declaration)
        ? [
            'notes: typeof REdit',
            'cards: Doc.Type<string>',
            'votes: Replay.Type<number, number>',
            'names: RArray.Type<string>',
          ]
        : [
            'settings: Model.Type<number>',
            'chat: Events.Type<string>',
            'list: RArray.Type<string>',
            'cards: Doc.Type<string>',
          ]
      for (const part of parts) expect(shown).toContain(part)
      expect(shown.length).toBeLessThanOrEqual(200)
    },
  )
})
