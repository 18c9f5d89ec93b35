/** Any string is the name of a replica, on any usual file system. */
import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import * as t from 'io-ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { folder as folderOf, openFile } from '../../src/adapters/file.js'
import { encode } from '../../src/adapters/file/names.js'
import * as plain from '../../src/adapters/storage/names.js'
import { Model, scuttlebutt } from '../../src/index.js'
import { right } from '../right.js'
import { inMemory, overWire } from '../runs.js'

const sb = scuttlebutt(Model.of(t.unknown))

let scratch = ''

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'scuttlebutt-ts-folder-'))
})

afterAll(async () => {
  await rm(scratch, { recursive: true })
})

const anyName = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: fc.constantFrom('a', 'A', '_', '~', '.', '界', '\ud800'), maxLength: 300 }),
  fc.constantFrom(
    'con',
    'CON',
    'aux',
    'nul',
    'com1',
    'lpt9',
    'con.',
    'nul.txt',
    '.',
    '..',
    '',
    ' ',
    'a.',
    'a ',
    '_0063on',
  ),
)

/** What Windows, macOS and Linux all take, and tell apart without case. */
const isUsual = (file: string): boolean =>
  Buffer.byteLength(file) <= 255 - '.cut-9007199254740991-2'.length &&
  /^[a-z0-9_~-]*\.sb$/.test(file) &&
  !/^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])\.sb$/.test(file)

describe('A name', () => {
  test('is a file name that every usual file system takes, and another one for another name', () => {
    fc.assert(
      fc.property(anyName, anyName, (name, other) => {
        expect(isUsual(`${encode(name)}.sb`)).toBe(true)
        expect(encode(name) === encode(other)).toBe(name === other)
      }),
      { numRuns: inMemory(1000) },
    )
    expect(encode('n'.repeat(199) + 'a')).not.toBe(encode('n'.repeat(199) + 'b'))
    expect(encode('n'.repeat(500) + 'a')).not.toBe(encode('n'.repeat(500) + 'b'))
    expect(encode('notes/1')).toBe('notes_002f1')
  })
})

describe('A folder', () => {
  test('keeps 40 Chinese characters, devices of Windows, and names of any length and letters', async () => {
    let count = 0
    const of = fc.uniqueArray(anyName, { maxLength: 6, minLength: 1 })
    await fc.assert(
      fc.asyncProperty(of, async (names) => {
        const directory = path.join(scratch, String(count++))
        const replicas = folderOf(directory)
        for (const [i, name] of names.entries()) {
          const store = right(await replicas.open(name, sb, 'me')())
          right(store.change(Model.set('n', i)))
          right(await store.compact())
          right(await store.close())
        }
        expect(right(await replicas.names())).toEqual([...names].sort())
        for (const [i, name] of names.entries()) {
          const store = right(await replicas.open(name, sb, 'me')())
          expect(Model.toJSON(store.getReplica().state)).toEqual({ n: i })
          right(await store.close())
        }
        const files = await readdir(directory)
        expect(files.map((file) => path.join(directory, file)).sort()).toEqual(names.map(replicas.pathOf).sort())
        expect(files.filter((file) => !isUsual(file))).toEqual([])
      }),
      { numRuns: overWire(15), examples: [[['界'.repeat(40), 'con', 'CON']]] },
    )
  })

  test('finds the files of before, under their old names', async () => {
    const directory = path.join(scratch, 'old')
    const replicas = folderOf(directory)
    // what 0.1 could name: 190 characters once encoded, and devices
    const names = ['con', 'nul', 'é'.repeat(36), 'x'.repeat(190)]
    for (const [i, name] of names.entries()) {
      const store = right(await replicas.open(name, sb, 'me')())
      right(store.change(Model.set('n', i)))
      right(await store.close())
      const old = path.join(directory, `${plain.encode(name)}.sb`)
      if (old !== replicas.pathOf(name)) await rename(replicas.pathOf(name), old)
      if (process.platform !== 'win32') expect(replicas.pathOf(name)).toBe(old)
    }
    expect(right(await replicas.names())).toEqual([...names].sort())
    for (const [i, name] of names.entries()) {
      const store = right(await replicas.open(name, sb, 'me')())
      expect(Model.toJSON(store.getReplica().state)).toEqual({ n: i })
      right(await store.close())
    }
  })

  test('lists no file that only looks like one of a long name', async () => {
    const directory = path.join(scratch, 'strange')
    const replicas = folderOf(directory)
    const long = 'x'.repeat(300)
    right(await (await replicas.open(long, sb, 'me')().then(right)).close())
    await writeFile(path.join(directory, 'a~b.sb'), 'not ours')
    await writeFile(path.join(directory, 'notes.txt'), 'nor this')
    // names that no replica gets, a folder, and a link that leads nowhere
    await writeFile(path.join(directory, 'My notes.sb'), 'nor this')
    await mkdir(path.join(directory, 'inner.sb'))
    await symlink(path.join(directory, 'nothing'), path.join(directory, 'link.sb'))
    expect(right(await replicas.names())).toEqual([long])
    // opened by its path, it keeps its name
    const store = right(await openFile(replicas.pathOf(long), sb, 'me')())
    right(await store.compact())
    right(await store.close())
    expect(right(await replicas.names())).toEqual([long])
  })
})
