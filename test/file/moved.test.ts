/** What is moved, linked or restored under an open store: nothing is lost in silence. */
import { existsSync } from 'node:fs'
import {
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as t from 'io-ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exportLines, folder, nodeDisk, openFile } from '../../src/adapters/file.js'
import { createStore } from '../../src/adapters/store.js'
import { Model, scuttlebutt } from '../../src/index.js'
import { right } from '../right.js'
import { SimulatedDisk } from './SimulatedDisk.js'

const sb = scuttlebutt(Model.of(t.unknown))

let scratch = ''
let count = 0

const freshFolder = async (): Promise<string> => {
  const made = path.join(scratch, String(count++))
  await mkdir(made)
  return made
}

beforeAll(async () => {
  scratch = await nodeDisk.realPath(await mkdtemp(path.join(tmpdir(), 'scuttlebutt-ts-moved-')))
})

afterAll(async () => {
  await rm(scratch, { recursive: true })
})

const opened = async (file: string) => right(await openFile(file, sb, 'me')())

const valuesIn = async (file: string) => {
  const store = await opened(file)
  right(await store.close())
  return Model.toJSON(store.getReplica().state)
}

describe('Behind a link to a folder, `..` is the folder above what that leads to', () => {
  const linked = async (): Promise<string> => {
    const at = await freshFolder()
    await mkdir(path.join(at, 'data', 'current'), { recursive: true })
    await symlink(path.join('data', 'current'), path.join(at, 'now'))
    return at
  }

  test('for a file', async () => {
    const at = await linked()
    const store = await opened(`${at}/now/../a.sb`)
    right(store.change(Model.set('x', 1)))
    right(await store.flushed())
    expect(await openFile(`${at}/data/a.sb`, sb, 'me')()).toMatchObject({ left: { _tag: 'Locked' } })
    right(await store.close())
    expect(await readdir(at)).toEqual(['data', 'now'])
    await symlink('now/../b.sb', `${at}/link`)
    right(await (await opened(`${at}/link`)).close())
    expect(existsSync(`${at}/data/b.sb`)).toBe(true)
    await writeFile(`${at}/out`, 'theirs')
    right(await exportLines(createStore(sb, 'me'), `${at}/now/../out`)())
    expect(await readFile(`${at}/out`, 'utf8')).toBe('theirs')
  })

  test('for a folder of replicas', async () => {
    const at = await linked()
    const replicas = folder(`${at}/now/../all/of/them`)
    right(await right(await replicas.open('q', sb, 'me')()).close())
    expect(right(await replicas.names())).toEqual(['q'])
    expect(await readdir(`${at}/data/all/of/them`)).toEqual(['q.sb'])
    expect(existsSync(replicas.pathOf('q'))).toBe(true)
  })
})

test('A path that names a folder is no file, whatever is there', async () => {
  const at = await freshFolder()
  for (const name of ['none/', 'none/.', './']) {
    const file = `${at}/${name}`
    const outcomes = [await openFile(file, sb, 'me')(), await exportLines(createStore(sb, 'me'), file)()]
    expect(outcomes.map(({ _tag }) => _tag)).toEqual(['Left', 'Left'])
  }
  expect(await readdir(at)).toEqual([])
})

test('A file that was moved and linked back while it was open has no second writer that is not noticed', async () => {
  const at = await freshFolder()
  await mkdir(`${at}/big`)
  const store = await opened(`${at}/a.sb`)
  right(store.change(Model.set('a', 1)))
  right(await store.flushed())
  await rename(`${at}/a.sb`, `${at}/big/a.sb`)
  await symlink('big/a.sb', `${at}/a.sb`)
  const other = await opened(`${at}/a.sb`)
  right(store.change(Model.set('b', 2)))
  expect(await store.flushed()).toMatchObject({ left: { _tag: 'Occupied' } })
  expect(await store.compact()).toMatchObject({ left: { _tag: 'Occupied' } })
  expect((await lstat(`${at}/a.sb`)).isSymbolicLink()).toBe(true)
  right(await other.close())
  await rm(`${at}/a.sb`)
  right(await store.close())
  expect(await valuesIn(`${at}/a.sb`)).toEqual({ a: 1, b: 2 })
})

describe('A folder that was away for a moment', () => {
  const away = async () => {
    const at = await freshFolder()
    const store = await opened(`${at}/a.sb`)
    right(store.change(Model.set('a', 1)))
    right(await store.flushed())
    await rename(at, `${at}-away`)
    right(store.change(Model.set('b', 2)))
    expect(await store.flushed()).toMatchObject({ left: { _tag: 'Io', code: 'ENOENT' } })
    await rename(`${at}-away`, at)
    return { at, store }
  }

  test('has its writer again', async () => {
    const { at, store } = await away()
    right(await store.flushed())
    expect(await openFile(`${at}/a.sb`, sb, 'me')()).toMatchObject({ left: { _tag: 'Locked' } })
    right(await store.close())
    expect(await valuesIn(`${at}/a.sb`)).toEqual({ a: 1, b: 2 })
  })

  test('is free after a close by force, and a further one once it is back', async () => {
    const { at, store } = await away()
    await rename(at, `${at}-away`)
    expect(await store.close({ force: true })).toMatchObject({ left: { _tag: 'Io' } })
    await rename(`${at}-away`, at)
    expect(await openFile(`${at}/a.sb`, sb, 'me')()).toMatchObject({ left: { _tag: 'Locked' } })
    right(await store.close())
    expect(await valuesIn(`${at}/a.sb`)).toEqual({ a: 1 })
  })
})

test('What was put in place of an emptied folder is not taken for ours, though nothing is pending', async () => {
  const at = await freshFolder()
  const file = `${at}/a.sb`
  const early = await opened(file)
  right(early.change(Model.set('old', 1)))
  right(await early.close())
  await copyFile(file, `${scratch}/backup`)
  for (const put of [
    () => copyFile(`${scratch}/backup`, file),
    () => writeFile(file, 'theirs'),
    async () => {
      right(await (await opened(file)).close())
    },
  ]) {
    await rm(at, { recursive: true })
    await mkdir(at)
    const store = await opened(file)
    right(store.change(Model.set('new', 2)))
    right(await store.flushed())
    await rm(at, { recursive: true })
    await mkdir(at)
    await put()
    for (const end of [store.flushed, store.close]) expect(await end()).toMatchObject({ _tag: 'Left' })
  }
})

test('A file of a few large updates is rewritten too, and not again and again', async () => {
  const disk = new SimulatedDisk()
  const store = right(await openFile('/data/x.sb', sb, 'me', { disk })())
  const megabyte = 'x'.repeat(1 << 20).slice(100)
  let compactions = 0
  for (let i = 0; i < 40; i++) {
    const before = disk.contentOf('/data/x.sb')!.length
    right(store.change(Model.set('k', `${megabyte}${String(i)}`)))
    right(await store.flushed())
    const after = disk.contentOf('/data/x.sb')!.length
    if (after < before) compactions++
    expect(after).toBeLessThan(8 << 20)
  }
  expect(compactions).toBeGreaterThan(5)
  expect(compactions).toBeLessThan(15)
  // a large one that stays is not copied for every second small one
  for (const key of ['a', 'b', 'c', 'd', 'e']) right(store.change(Model.set(key, megabyte)))
  right(await store.flushed())
  const calls = disk.calls.length
  for (let i = 0; i < 100; i++) {
    right(store.change(Model.set('small', i)))
    right(await store.flushed())
  }
  expect(disk.calls.slice(calls).filter((call) => call.startsWith('rename')).length).toBeLessThan(3)
  right(await store.close())
})

test('A large update among many small ones that stay is rewritten by the bytes, as often as the file doubles', async () => {
  const disk = new SimulatedDisk()
  const store = right(await openFile('/data/x.sb', sb, 'me', { disk })())
  for (let i = 0; i < 200; i++) right(store.change(Model.set(`setting${String(i)}`, 'small')))
  for (let i = 0; i < 60; i++) {
    right(store.change(Model.set('doc', `${'x'.repeat(500_000)}${String(i)}`)))
    right(await store.flushed())
    expect(disk.contentOf('/data/x.sb')!.length).toBeLessThan(6_000_000)
  }
  right(await store.close())
})

test('The torn end of a file with the longest name is set aside under a shorter one', async () => {
  const at = await freshFolder()
  const file = `${at}/${'n'.repeat(252)}.sb`
  const store = await opened(file)
  for (const key of ['a', 'b']) {
    right(store.change(Model.set(key, 1)))
    right(await store.flushed())
  }
  const bytes = await readFile(file)
  right(await store.close({ force: true }))
  await writeFile(file, bytes.subarray(0, bytes.length - 3))
  const again = await opened(file)
  right(await again.close())
  expect(Model.toJSON(again.getReplica().state)).toEqual({ a: 1 })
  const { torn } = again.opened
  expect(path.basename(torn!.to)).toMatch(/^[0-9a-f]{64}\.cut-\d+$/)
  expect((await stat(torn!.to)).size).toBe(torn!.bytes)
})

test('A replica of a device’s name is found beside a file that is called so', async () => {
  const at = await freshFolder()
  const replicas = folder(at)
  const store = right(await replicas.open('aux', sb, 'me')())
  right(store.change(Model.set('x', 1)))
  right(await store.close())
  await writeFile(`${at}/aux.sb`, '')
  expect(right(await replicas.names())).toEqual(['aux'])
  expect(await valuesIn(replicas.pathOf('aux'))).toEqual({ x: 1 })
})

test('An export overwrites neither what was cut off a replica, nor a lock, nor what is left of a replica', async () => {
  const at = await freshFolder()
  const exporting = createStore(sb, 'me')
  const theirs = ['a.sb.cut-40', 'a.sb.cut-40-2', 'b.sb']
  const beginnings = ['anything', '', '"@0"\r\n"SURE']
  for (const [i, name] of theirs.entries()) await writeFile(`${at}/${name}`, beginnings[i]!)
  const store = await opened(`${at}/c.sb`)
  const lock = (await readdir(at)).find((name) => name.includes('.lock.'))!
  const all = await readdir(at)
  for (const name of [...theirs, lock, 'c.sb', `c.sb.new.${'0'.repeat(16)}`]) {
    const outcome = await exportLines(exporting, `${at}/${name}`)()
    expect([name, outcome]).toMatchObject([name, { _tag: 'Left' }])
  }
  expect(await readdir(at)).toEqual(all)
  right(await store.close())
  // a new file may have such a name
  right(await exportLines(exporting, `${at}/d.cut-1`)())
})
