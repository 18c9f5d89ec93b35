/** What stands beside a file, or in its place, and is not its store's: it stays as it is. */
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import * as t from 'io-ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exportLines, folder as folderOf, nodeDisk, openFile, repair, showFileError } from '../../src/adapters/file.js'
import { createStore } from '../../src/adapters/store.js'
import { Model, scuttlebutt } from '../../src/index.js'
import { right } from '../right.js'
import { inMemory } from '../runs.js'
import { SimulatedDisk } from './SimulatedDisk.js'

const sb = scuttlebutt(Model.of(t.unknown))

let folder = ''
let count = 0
const fresh = (): string => path.join(folder, `replica ${String(count++)}`)

beforeAll(async () => {
  folder = await nodeDisk.realPath(await mkdtemp(path.join(tmpdir(), 'scuttlebutt-ts-beside-')))
})

afterAll(async () => {
  await rm(folder, { recursive: true })
})

const FILE = '/data/replica.sb'
const TOKEN = '0123456789abcdef'

const openOn = (disk: SimulatedDisk, options = {}) => openFile(FILE, sb, 'me', { disk, ...options })()

describe('A file of a name like ours', () => {
  test('is neither removed nor written to by openings, writes, compactions, exports and repair', async () => {
    const names = ['new', 'lock', 'lock.bak', 'lock.1.2.host.sb', `new.${TOKEN}`, `new.${TOKEN}0`, 'new.lock', 'cut-0']
    const lock = `lock.999999999.1.host.m.b.p.${TOKEN}`
    await fc.assert(
      fc.asyncProperty(
        fc.subarray([...names, lock], { minLength: 1 }),
        fc.boolean(),
        fc.boolean(),
        async (others, takeOver, isReplica) => {
          const disk = new SimulatedDisk()
          if (isReplica) right(await right(await openOn(disk)).close())
          const text = Buffer.from("somebody's own\n")
          for (const other of others) disk.put(`${FILE}.${other}`, text)
          const store = right(await openOn(disk, { takeOver }))
          right(store.change(Model.set('x', 1)))
          right(await store.compact())
          right(await store.close())
          right(await repair(FILE, { disk, takeOver })())
          expect(await exportLines(store, FILE, { disk })()).toMatchObject({ left: { _tag: 'Occupied' } })
          right(await exportLines(store, '/data/lines', { disk })())
          for (const other of others) expect(disk.contentOf(`${FILE}.${other}`)).toEqual(text)
          expect(disk.paths).toHaveLength(others.length + 2)
        },
      ),
      { numRuns: inMemory(200, 5) },
    )
  })

  test('is no lock, and its link is not followed: a replica of its own, a folder, a link to a file', async () => {
    const [file, aim] = [fresh(), fresh()]
    await writeFile(aim, 'precious')
    await symlink(aim, `${file}.new`)
    await mkdir(`${file}.lock.1.2.x.m.b.p.${TOKEN}`)
    const other = right(await openFile(`${file}.lock.bak`, sb, 'ann')())
    right(other.change(Model.set('x', 1)))
    const store = right(await openFile(file, sb, 'me', { takeOver: true })())
    right(await store.compact())
    right(await store.close())
    right(await other.close())
    right(await repair(file)())
    right(await exportLines(store, fresh())())
    expect(await readFile(aim, 'utf8')).toBe('precious')
    expect(await readFile(`${file}.new`, 'utf8')).toBe('precious')
    const again = right(await openFile(`${file}.lock.bak`, sb, 'ann')())
    expect(Model.toJSON(again.getReplica().state)).toEqual({ x: 1 })
    right(await again.close())
  })

  test('that a dead writer left unfinished is removed by the next one', async () => {
    const disk = new SimulatedDisk()
    right(await right(await openOn(disk)).close())
    const begun = disk.contentOf(FILE)!.subarray(0, 40)
    disk.put(`${FILE}.new.${TOKEN}`, begun)
    disk.put(`${FILE}.lock.999999999.1.${disk.host.name}.m.${disk.host.boot}.p.${TOKEN}`, Buffer.from('\n'))
    disk.put(`${FILE}.new.${TOKEN.replace('0', '1')}`, begun)
    disk.put(`${FILE}.new.${TOKEN.replace('0', '2')}`, Buffer.alloc(0))
    // nobody knows of the lock's process: it is stale first
    await disk.pass(31_000)
    const store = right(await openOn(disk))
    expect(disk.paths.filter((name) => name.includes('.new.'))).toEqual([])
    right(await store.close())
    expect(disk.paths).toEqual([FILE])
  })
})

describe('What is no file', () => {
  test('is refused before it is opened: a folder, a pipe, a socket, also behind a link, and stays', async () => {
    const [aFolder, pipe, socket, link] = [fresh(), fresh(), path.join(folder, 's'), fresh()]
    await mkdir(aFolder)
    execFileSync('mkfifo', [pipe])
    const server = createServer()
    await new Promise<void>((listening) => server.listen(socket, listening))
    await symlink(pipe, link)
    const store = createStore(sb, 'me')
    const before = (await readdir(folder)).sort()
    for (const place of [aFolder, pipe, socket, link]) {
      const real = place === link ? pipe : place
      const refused = { _tag: 'Left', left: { _tag: 'NotAFile', path: real } }
      const opened = await openFile(place, sb, 'me')()
      expect(opened).toEqual(refused)
      if (opened._tag === 'Left') expect(showFileError(opened.left)).toBe(`NotAFile: ${real}`)
      expect(await openFile(place, sb, 'me', { linked: true, takeOver: true })()).toEqual(refused)
      expect(await exportLines(store, place)()).toEqual(refused)
      expect(await repair(place)()).toEqual(refused)
    }
    expect((await readdir(folder)).sort()).toEqual(before)
    await new Promise((closed) => server.close(closed))
  })
})

describe('A refused opening', () => {
  test('creates no file, or an empty one, which stays: by then it may be the next writer’s', async () => {
    const disk = new SimulatedDisk()
    const store = right(await openOn(disk))
    right(store.change(Model.set('x', 1)))
    right(await store.flushed())
    disk.put(FILE, undefined)
    expect(await openOn(disk)).toMatchObject({ left: { _tag: 'Locked' } })
    expect(disk.contentOf(FILE)).toBeUndefined()
    right(await store.flushed())
    right(await store.close())
    const clean = new SimulatedDisk()
    right(await openOn(clean))
    for (const [i, call] of clean.calls.entries()) {
      const failing = new SimulatedDisk(new Map(), new Map([[i, { _tag: 'fail', code: 'EIO', forEver: false }]]))
      const opened = await openOn(failing)
      // the folder's sync comes when the file is complete
      if (opened._tag === 'Right' || /^(sync folder|remove)/.test(call)) continue
      expect([call, failing.paths.filter((one) => one !== FILE)]).toEqual([call, []])
      expect(failing.contentOf(FILE) ?? Buffer.alloc(0)).toEqual(Buffer.alloc(0))
    }
    // an empty file that was there stays
    const empty = new Map([[FILE, Buffer.alloc(0)]])
    const full = new SimulatedDisk(empty, new Map([[12, { _tag: 'fail', code: 'ENOSPC', forEver: true }]]))
    expect(await openOn(full)).toMatchObject({ left: { _tag: 'Io' } })
    expect(full.contentOf(FILE)).toEqual(Buffer.alloc(0))
  })
})

describe('Arguments that the types forbid', () => {
  test('are a TypeError, before anything is made', async () => {
    const disk = new SimulatedDisk()
    const untyped = openFile as (...given: unknown[]) => () => Promise<unknown>
    for (const given of [
      [undefined, { disk }],
      [5, { disk }],
      ['me', null],
      ...['bogus', null, 5, {}, { every: 'x' }, { every: NaN }, { every: Infinity }, { every: 2 ** 31 }].map(
        (fsync) => ['me', { disk, fsync }],
      ),
    ]) {
      await expect(untyped(FILE, sb, ...given)()).rejects.toThrow(TypeError)
    }
    expect(disk.calls).toEqual([])
  })
})

describe('Several openings at once', () => {
  test('have one that wins, with and without taking over, and it alone writes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 2, maxLength: 4 }),
        fc.boolean(),
        async (takeOvers, isHeld) => {
          const disk = new SimulatedDisk()
          const first = isHeld ? right(await openOn(disk)) : undefined
          const opened = await Promise.all(takeOvers.map((takeOver) => openOn(disk, { takeOver })))
          const stores = [
            ...(first === undefined ? [] : [first]),
            ...opened.flatMap((one) => (one._tag === 'Right' ? [one.right] : [])),
          ]
          const isDecided = !isHeld || takeOvers.every(Boolean)
          if (isDecided) expect(stores.length).toBeGreaterThan(isHeld ? 1 : 0)
          const flushed: number[] = []
          for (const [i, store] of stores.entries()) {
            right(store.change(Model.set(`k${String(i)}`, i)))
            if ((await store.flushed())._tag === 'Right') flushed.push(i)
          }
          expect(flushed).toHaveLength(1)
          for (const store of stores) await store.close()
          const last = right(await openOn(disk))
          expect(Object.keys(Model.toJSON(last.getReplica().state))).toEqual(flushed.map((i) => `k${String(i)}`))
          right(await last.close())
          expect(disk.paths).toEqual([FILE])
        },
      ),
      { numRuns: inMemory(60, 20) },
    )
  })

  test('have one that wins on a real disk', async () => {
    for (let i = 0; i < 5; i++) {
      const file = fresh()
      const opened = await Promise.all([1, 2, 3].map(() => openFile(file, sb, 'me')()))
      const stores = opened.flatMap((one) => (one._tag === 'Right' ? [one.right] : []))
      expect(stores).toHaveLength(1)
      right(await stores[0]!.close())
    }
    expect(folderOf(folder).pathOf('a')).toBe(path.join(folder, 'a.sb'))
  })
})
