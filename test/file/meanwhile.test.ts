/** What others do to a file while it is written, and what a disk fails at: nothing is lost. */
import * as t from 'io-ts'
import { expect, test } from 'vitest'
import { exportLines, openFile, repair, type Disk } from '../../src/adapters/file.js'
import { createStore } from '../../src/adapters/store.js'
import { Model, scuttlebutt } from '../../src/index.js'
import { right } from '../right.js'
import { SimulatedDisk, type Fault } from './SimulatedDisk.js'

const sb = scuttlebutt(Model.of(t.unknown))

const FILE = '/data/replica.sb'

const open = (disk: Disk) => openFile(FILE, sb, 'me', { disk })()

const filled = async (disk: Disk) => {
  const store = right(await open(disk))
  for (let i = 0; i < 9; i++) right(store.change(Model.set(`key${String(i)}`, 'x'.repeat(20))))
  right(await store.flushed())
  return store
}

test('What is left of a file that another program made shorter is set aside, and the file written anew', async () => {
  const disk = new SimulatedDisk()
  const store = await filled(disk)
  const theirs = Buffer.from('a text of theirs\n')
  disk.overwrite(FILE, theirs)
  right(store.change(Model.set('y', 1)))
  right(await store.flushed())
  right(await store.flushed())
  const aside = disk.paths.filter((name) => name.includes('.cut-'))
  expect(aside.map((name) => disk.contentOf(name))).toEqual([theirs])
  right(await store.close())
  const again = right(await open(disk))
  expect(again.getReplica()).toEqual(store.getReplica())
})

/** Does something just before the file is renamed. */
const before = (disk: SimulatedDisk, act: () => void): Disk => ({
  ...disk.seenBy(disk.host),
  open: async (name, flags, mode) => {
    const handle = await disk.open(name, flags, mode)
    if (!name.includes('.new.')) return handle
    return { ...handle, sync: () => handle.sync().then(act) }
  },
})

test('An export does not replace a file that came meanwhile, and repair none that changed', async () => {
  const theirs = Buffer.from('theirs')
  const store = createStore(sb, 'me')
  right(store.change(Model.set('x', 1)))
  const disk = new SimulatedDisk()
  const came = before(disk, () => {
    disk.put('/data/out', theirs)
  })
  expect(await exportLines(store, '/data/out', { disk: came })()).toMatchObject({ left: { _tag: 'Occupied' } })
  expect([disk.contentOf('/data/out'), disk.paths]).toEqual([theirs, ['/data/out']])
  const damaged = new SimulatedDisk()
  right(await (await filled(damaged)).close())
  const bytes = Buffer.from(damaged.contentOf(FILE)!)
  bytes[bytes.length - 40]! ^= 1
  damaged.put(FILE, bytes)
  const changed = before(damaged, () => {
    damaged.overwrite(FILE, theirs)
  })
  expect(await repair(FILE, { disk: changed })()).toMatchObject({ left: { _tag: 'Occupied' } })
  expect(damaged.contentOf(FILE)).toEqual(theirs)
})

test('S4: Whatever calls fail, one or two in turn, a store is never stuck once the disk is well', async () => {
  const live = async (disk: SimulatedDisk): Promise<void> => {
    const opened = await open(disk)
    if (opened._tag === 'Left') return
    const store = opened.right
    right(store.change(Model.set('x', 1)))
    await store.flushed()
    await store.compact()
    await new Promise((resolve) => setTimeout(resolve, 1))
    right(store.change(Model.set('y', 2)))
    for (const act of [store.flushed, store.close]) {
      // each call tries again
      for (let tries = 0; (await act())._tag === 'Left'; tries++) expect(tries).toBeLessThan(6)
    }
    const again = right(await open(new SimulatedDisk(disk.afterCrash(() => 0))))
    expect(sb.merge(store.getReplica())(again.getReplica()).clock).toEqual(again.getReplica().clock)
  }
  const clean = new SimulatedDisk()
  await live(clean)
  const fault: Fault = { _tag: 'fail', code: 'ENOSPC', forEver: false, bytes: 5 }
  for (let first = 0; first < clean.calls.length; first++) {
    for (const gap of [0, 1, 2, 3, 5, 8]) {
      await live(new SimulatedDisk(new Map(), new Map([first, first + gap, first + 2 * gap].map((at) => [at, fault]))))
    }
  }
})
