/** A file is what it is, whatever path leads to it, and stays what it was: its mode, its owner. */
import { chmod, link, mkdir, mkdtemp, readFile, readlink, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as t from 'io-ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exportLines, nodeDisk, openFile, repair, showFileError, type Disk } from '../../src/adapters/file.js'
import { Model, scuttlebutt } from '../../src/index.js'
import { right } from '../right.js'
import { SimulatedDisk } from './SimulatedDisk.js'

const sb = scuttlebutt(Model.of(t.unknown))

let folder = ''
let count = 0
const fresh = (): string => path.join(folder, `replica ${String(count++)}`)

beforeAll(async () => {
  folder = await nodeDisk.realPath(await mkdtemp(path.join(tmpdir(), 'scuttlebutt-ts-place-')))
})

afterAll(async () => {
  await rm(folder, { recursive: true })
})

const opened = async (file: string, options = {}) => right(await openFile(file, sb, 'me', options)())

const valuesIn = async (file: string, options = {}) => {
  const store = await opened(file, options)
  right(await store.close())
  return Model.toJSON(store.getReplica().state)
}

describe('A file behind symbolic links', () => {
  test('has one writer, and a compaction keeps the links and renews the real file', async () => {
    const [file, first, second] = [fresh(), fresh(), fresh()]
    await symlink(path.basename(file), first)
    await symlink(first, second)
    // the last link leads nowhere yet
    const store = await opened(second)
    right(store.change(Model.set('x', 1)))
    right(await store.flushed())
    for (const name of [file, first]) {
      expect(await openFile(name, sb, 'me')()).toMatchObject({ left: { _tag: 'Locked', path: file } })
      expect(await repair(name)()).toMatchObject({ left: { _tag: 'Locked' } })
    }
    right(await store.compact())
    right(store.change(Model.set('y', 2)))
    right(await store.close())
    expect([await readlink(first), await readlink(second)]).toEqual([path.basename(file), first])
    expect(await valuesIn(file)).toEqual({ x: 1, y: 2 })
    right(await repair(second)())
    expect(await readlink(second)).toBe(first)
    expect(await valuesIn(first)).toEqual({ x: 1, y: 2 })
  })

  test('or in a folder behind one is the same file', async () => {
    const [real, linked] = [fresh(), fresh()]
    await mkdir(real)
    await symlink(real, linked)
    const store = await opened(path.join(linked, 'a.sb'))
    expect(await openFile(path.join(real, 'a.sb'), sb, 'me')()).toMatchObject({ left: { _tag: 'Locked' } })
    right(await store.close())
    const lines = path.join(linked, 'lines')
    right(await exportLines(store, lines)())
    expect(await readFile(path.join(real, 'lines'), 'utf8')).toContain('{"id":"me"')
  })

  test('that lead in a circle, or through nothing, is an error', async () => {
    const [first, second] = [fresh(), fresh()]
    await symlink(first, second)
    await symlink(second, first)
    expect(await openFile(first, sb, 'me')()).toMatchObject({ left: { _tag: 'Io', code: 'ELOOP' } })
    const nowhere = fresh()
    await symlink(path.join(folder, 'no', 'such', 'folder'), nowhere)
    expect(await openFile(nowhere, sb, 'me')()).toMatchObject({ left: { _tag: 'Io', code: 'ENOENT' } })
  })
})

describe('A file with two hard links', () => {
  test('is refused, unless the caller means it: then a compaction parts them', async () => {
    const [file, other] = [fresh(), fresh()]
    const store = await opened(file)
    right(store.change(Model.set('x', 1)))
    right(await store.close())
    await link(file, other)
    const refused = await openFile(other, sb, 'me')()
    expect(refused).toEqual({ _tag: 'Left', left: { _tag: 'Linked', path: other, links: 2 } })
    if (refused._tag === 'Left') expect(showFileError(refused.left)).toBe(`Linked: ${other}, 2`)
    expect(await repair(file)()).toMatchObject({ left: { _tag: 'Linked' } })
    const before = await readFile(file)
    const meant = await opened(other, { linked: true })
    right(await meant.compact())
    right(await meant.close())
    expect(await readFile(file)).toEqual(before)
    expect([await valuesIn(file), await valuesIn(other)]).toEqual([{ x: 1 }, { x: 1 }])
  })

  test('made while it is open, as a backup is, harms nothing: no compaction parts it', async () => {
    const [file, backup] = [fresh(), fresh()]
    const store = await opened(file)
    right(store.change(Model.set('x', 1)))
    right(await store.flushed())
    await link(file, backup)
    right(store.change(Model.set('y', 2)))
    expect(await store.compact()).toMatchObject({ left: { _tag: 'Linked', path: file, links: 2 } })
    for (let i = 0; i < 5000; i++) right(store.change(Model.set('y', i)))
    // a compaction of the store itself waits
    right(await store.flushed())
    expect((await stat(file)).ino).toBe((await stat(backup)).ino)
    await rm(backup)
    right(await store.compact())
    expect((await stat(file)).size).toBeLessThan(1000)
    right(store.change(Model.set('z', 3)))
    right(await store.close())
    expect(await valuesIn(file)).toEqual({ x: 1, y: 4999, z: 3 })
  })
})

describe('The access of a file', () => {
  const modeOf = async (file: string): Promise<number> => (await stat(file)).mode & 0o777

  test('is kept by compactions, of the store itself too, by repair, and by what is cut off', async () => {
    const file = fresh()
    const store = await opened(file)
    await chmod(file, 0o600)
    for (let i = 0; i < 10_000; i++) right(store.change(Model.set('x', i)))
    right(await store.flushed())
    right(store.change(Model.set('x', 'last')))
    right(await store.flushed())
    expect((await stat(file)).size).toBeLessThan(1000)
    expect(await modeOf(file)).toBe(0o600)
    await chmod(file, 0o640)
    right(await store.compact())
    expect(await modeOf(file)).toBe(0o640)
    right(await store.close())
    right(await repair(file)())
    expect(await modeOf(file)).toBe(0o640)
    const handle = await nodeDisk.open(file, 'r+')
    await handle.write(Buffer.from('[["torn'), (await handle.status()).size)
    await handle.close()
    const again = await opened(file)
    expect(await modeOf(again.opened.torn!.to)).toBe(0o640)
    right(await again.close())
  })

  test('of a new file is the option `mode`, whatever the system takes from modes, and stays', async () => {
    for (const mode of [0o600, 0o666, 0o660]) {
      const file = fresh()
      const store = await opened(file, { mode })
      expect(await modeOf(file)).toBe(mode)
      right(await store.compact())
      expect(await modeOf(file)).toBe(mode)
      right(await store.close())
      right(await (await opened(file, { mode: 0o644 })).close())
      expect(await modeOf(file)).toBe(mode)
      const lines = fresh()
      right(await exportLines(store, lines, { mode })())
      expect(await modeOf(lines)).toBe(mode)
      right(await exportLines(store, lines, { mode: 0o644 })())
      expect(await modeOf(lines)).toBe(mode)
    }
  })

  test('includes the owner; where the system does not let it be kept, the old file stays, and appends go on', async () => {
    const disk = new SimulatedDisk()
    const store = right(await openFile('/f', sb, 'me', { disk })())
    disk.setAccess('/f', { mode: 0o660, owner: 7, group: 8 })
    right(store.change(Model.set('x', 1)))
    right(await store.compact())
    expect(await disk.status('/f')).toMatchObject({ mode: 0o660, owner: 7, group: 8 })
    right(await store.close())
    const denied: Disk = {
      ...disk.seenBy(disk.host),
      open: async (name, flags, mode) => ({
        ...(await disk.open(name, flags, mode)),
        setAccess: () => Promise.reject(Object.assign(new Error('EPERM'), { code: 'EPERM' })),
      }),
    }
    const other = right(await openFile('/f', sb, 'me', { disk: denied })())
    expect(await other.compact()).toMatchObject({ left: { _tag: 'Io', operation: 'compact', code: 'EPERM' } })
    right(other.change(Model.set('y', 2)))
    right(await other.close())
    expect(disk.paths).toEqual(['/f'])
    expect(await valuesIn('/f', { disk })).toEqual({ x: 1, y: 2 })
  })
})

describe('A file whose owner cannot be given', () => {
  test('is written anew without that owner when it is gone, and is no more open to others than it was', async () => {
    const disk = new SimulatedDisk()
    right(await (await opened('/f', { disk })).close())
    const denied: Disk = {
      ...disk.seenBy(disk.host),
      open: async (name, flags, mode) => {
        const handle = await disk.open(name, flags, mode)
        const setAccess: typeof handle.setAccess = async (access) => {
          if (access.owner !== 1) throw Object.assign(new Error('EPERM'), { code: 'EPERM' })
          await handle.setAccess(access)
        }
        return { ...handle, setAccess }
      },
    }
    disk.setAccess('/f', { mode: 0o664, owner: 7, group: 8 })
    const store = await opened('/f', { disk: denied })
    right(store.change(Model.set('x', 1)))
    right(await store.flushed())
    expect(await store.compact()).toMatchObject({ left: { _tag: 'Io', code: 'EPERM' } })
    disk.put('/f', undefined)
    right(store.change(Model.set('y', 2)))
    right(await store.close())
    expect(await disk.status('/f')).toMatchObject({ mode: 0o604, owner: 1 })
    expect(await valuesIn('/f', { disk })).toEqual({ x: 1, y: 2 })
  })
})

describe('A file system', () => {
  test('that takes two forms of a name for one has one writer for both, of a new file too', async () => {
    const [composed, apart] = ['/data/caf\u00e9.sb', '/data/CAFE\u0301.sb']
    for (const isNew of [true, false]) {
      const disk = new SimulatedDisk(new Map(), new Map(), { isFoldingNames: true })
      if (!isNew) right(await (await opened(composed, { disk })).close())
      const both = await Promise.all([composed, apart].map((name) => openFile(name, sb, 'me', { disk })()))
      const stores = both.flatMap((one) => (one._tag === 'Right' ? [one.right] : []))
      expect(stores.length).toBe(1)
      for (const store of stores) right(await store.close())
      const store = await opened(apart, { disk })
      expect(await openFile(composed, sb, 'me', { disk })()).toMatchObject({ left: { _tag: 'Locked' } })
      right(store.change(Model.set('x', 1)))
      right(await store.compact())
      right(await store.close())
      expect(disk.paths).toHaveLength(1)
      expect(await valuesIn(composed, { disk })).toEqual({ x: 1 })
    }
  })

  test('that cannot sync folders is good enough; one that fails to is not', async () => {
    const failing = (code: string, disk: SimulatedDisk): Disk => ({
      ...disk.seenBy(disk.host),
      syncFolder: () => Promise.reject(Object.assign(new Error(code), { code })),
    })
    for (const code of ['EINVAL', 'ENOTSUP', 'ENOSYS']) {
      const disk = failing(code, new SimulatedDisk())
      const store = await opened('/f', { disk })
      right(store.change(Model.set('x', 1)))
      right(await store.compact())
      right(await store.close())
      right(await repair('/f', { disk })())
      right(await exportLines(store, '/lines', { disk })())
      expect(await valuesIn('/f', { disk })).toEqual({ x: 1 })
    }
    expect(await openFile('/f', sb, 'me', { disk: failing('EIO', new SimulatedDisk()) })()).toMatchObject({
      left: { _tag: 'Io', code: 'EIO' },
    })
  })

  test('whose folder is read-only refuses a writer, and the file stays as it is', async () => {
    const disk = new SimulatedDisk()
    const store = await opened('/data/f', { disk })
    right(store.change(Model.set('x', 1)))
    right(await store.close())
    const before = disk.contentOf('/data/f')
    const denied = (): Promise<never> => Promise.reject(Object.assign(new Error('EACCES'), { code: 'EACCES' }))
    let isReadOnly = true
    const readOnly: Disk = {
      ...disk.seenBy(disk.host),
      open: (name, flags, mode) =>
        isReadOnly && name !== '/data/f' && flags !== 'r' ? denied() : disk.open(name, flags, mode),
      rename: (from, to) => (isReadOnly ? denied() : disk.rename(from, to)),
      remove: (name) => (isReadOnly ? denied() : disk.remove(name)),
    }
    expect(await openFile('/data/f', sb, 'me', { disk: readOnly })()).toMatchObject({
      left: { _tag: 'Io', operation: 'lock', code: 'EACCES' },
    })
    expect(await repair('/data/f', { disk: readOnly })()).toMatchObject({ left: { _tag: 'Io', code: 'EACCES' } })
    expect([disk.paths, disk.contentOf('/data/f')]).toEqual([['/data/f'], before])
    // it becomes read-only while a store is open: appends need no folder
    isReadOnly = false
    const open = await opened('/data/f', { disk: readOnly })
    isReadOnly = true
    right(open.change(Model.set('y', 2)))
    right(await open.flushed())
    expect(await open.compact()).toMatchObject({ left: { _tag: 'Io', code: 'EACCES' } })
    expect(await open.close()).toMatchObject({ left: { _tag: 'Io', operation: 'unlock' } })
    isReadOnly = false
    right(await open.close())
    expect(await valuesIn('/data/f', { disk })).toEqual({ x: 1, y: 2 })
  })
})
