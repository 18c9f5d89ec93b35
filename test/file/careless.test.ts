/** What careless hands do to the file of a store: none of it loses what was acknowledged. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { exportLines, folder as folderOf, openFile, repair, showFileError, type Disk } from '../../src/adapters/file.js'
import { seal } from '../../src/adapters/file/blocks.js'
import { createStore } from '../../src/adapters/store.js'
import { createWriteStream } from '../../src/adapters/stream.js'
import { AppendOnly, Doc, Events, Model, scuttlebutt } from '../../src/index.js'
import { right } from '../right.js'
import { inMemory } from '../runs.js'
import { SimulatedDisk, type Fault } from './SimulatedDisk.js'

const sb = scuttlebutt(Model.of(t.unknown))

const FILE = '/data/replica.sb'

const open = async (disk: SimulatedDisk, id = 'me') => right(await openFile(FILE, sb, id, { disk })())

const valuesIn = async (disk: SimulatedDisk) => {
  const store = await open(disk)
  right(await store.close())
  return Model.toJSON(store.getReplica().state)
}

describe('A file that is deleted, cut or replaced while it is open', () => {
  test('is written anew, whole, at the next flush; one in its place is not overwritten', async () => {
    const step = fc.constantFrom('write', 'flush', 'compact', 'delete', 'cut', 'replace', 'remove it')
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.boolean(), async (steps, isLazy) => {
        const disk = new SimulatedDisk()
        const fsync = isLazy ? { every: 1e9 } : 'each'
        const store = right(await openFile(FILE, sb, 'me', { disk, fsync })())
        const strange = Buffer.from('not ours')
        for (const [i, step] of [...steps, 'remove it', 'flush'].entries()) {
          if (step === 'write') right(store.change(Model.set(`k${String(i)}`, i)))
          else if (step === 'delete') disk.put(FILE, undefined)
          else if (step === 'replace') disk.put(FILE, strange)
          else if (step === 'remove it') {
            if (disk.contentOf(FILE)?.equals(strange) === true) disk.put(FILE, undefined)
          } else if (step === 'cut') {
            if (disk.contentOf(FILE)?.equals(strange) === true) continue
            const handle = await disk.open(FILE, 'r+').catch(() => undefined)
            await handle?.truncate(i % 3 === 0 ? 0 : 20)
          } else {
            const isStrange = disk.contentOf(FILE)?.equals(strange) === true
            const flushed = await (step === 'flush' ? store.flushed() : store.compact())
            if (isStrange) {
              expect(flushed).toMatchObject({ left: { _tag: 'Occupied', path: FILE } })
              expect(disk.contentOf(FILE)).toEqual(strange)
              continue
            }
            right(flushed)
            // what readers see now, and after a crash
            for (const choose of [() => 0, (n: number) => n - 1]) {
              const again = await open(new SimulatedDisk(disk.afterCrash(choose)))
              expect(Model.toJSON(again.getReplica().state)).toEqual(Model.toJSON(store.getReplica().state))
            }
          }
        }
        right(await store.close())
        expect(await valuesIn(disk)).toEqual(Model.toJSON(store.getReplica().state))
      }),
      { numRuns: inMemory(300, 5) },
    )
  })
})

describe('A file that somebody writes into while it is open', () => {
  test('is noticed: what came is neither written over nor taken for ours, and all is written when it is gone', async () => {
    const ours = async (disk: SimulatedDisk) => {
      const store = await open(disk)
      right(store.change(Model.set('x', 1)))
      right(await store.flushed())
      return store
    }
    const others: Readonly<Record<string, (content: Buffer) => Buffer>> = {
      'of the same length': (content) => Buffer.from(content).fill('?', content.length - 30),
      longer: (content) => Buffer.concat([Buffer.from('something else\n'), content]),
      'one line more': (content) => Buffer.concat([content, Buffer.from('one more\n')]),
    }
    for (const [why, change] of Object.entries(others)) {
      for (const fsync of ['flush', 'compact'] as const) {
        const disk = new SimulatedDisk()
        const store = await ours(disk)
        await disk.pass(1000)
        const strange = change(disk.contentOf(FILE)!)
        disk.overwrite(FILE, strange)
        right(store.change(Model.set('y', 2)))
        const flushed = await (fsync === 'flush' ? store.flushed() : store.compact())
        expect([why, flushed]).toMatchObject([
          why,
          { left: { _tag: 'Occupied', reason: 'another program wrote to it' } },
        ])
        // nor is it later
        right(store.change(Model.set('z', 3)))
        for (let i = 0; i < 3; i++) expect(await store.flushed()).toMatchObject({ left: { _tag: 'Occupied' } })
        expect(await store.close()).toMatchObject({ left: { _tag: 'Occupied' } })
        expect(disk.contentOf(FILE)).toEqual(strange)
        disk.put(FILE, undefined)
        right(await store.close())
        expect(await valuesIn(disk)).toEqual({ x: 1, y: 2, z: 3 })
      }
    }
    // only its time has changed
    const disk = new SimulatedDisk()
    const store = await ours(disk)
    await disk.pass(1000)
    disk.overwrite(FILE, disk.contentOf(FILE)!)
    right(store.change(Model.set('y', 2)))
    right(await store.close())
    expect(await valuesIn(disk)).toEqual({ x: 1, y: 2 })
  })
})

describe('A file that somebody overwrites while a write of ours is under way', () => {
  test('is Occupied until it is moved away, and then written anew', async () => {
    const disk = new SimulatedDisk()
    const strange = Buffer.from('something else, of another program\n'.repeat(20))
    let isArmed = false
    const seen: Disk = {
      ...disk.seenBy(disk.host),
      open: async (name, flags, mode) => {
        const handle = await disk.open(name, flags, mode)
        const write: typeof handle.write = (bytes, position) => {
          if (isArmed) disk.overwrite(FILE, strange)
          isArmed = false
          return handle.write(bytes, position)
        }
        return name.includes('.lock.') ? handle : { ...handle, write }
      },
    }
    const store = right(await openFile(FILE, sb, 'me', { disk: seen })())
    right(store.change(Model.set('x', 1)))
    right(await store.flushed())
    isArmed = true
    for (const key of ['y', 'z']) {
      right(store.change(Model.set(key, 2)))
      expect(await store.flushed()).toMatchObject({ left: { _tag: 'Occupied' } })
      expect(disk.contentOf(FILE)!.subarray(-100)).toEqual(strange.subarray(-100))
    }
    disk.put(FILE, undefined)
    right(await store.close())
    expect(await valuesIn(disk)).toEqual({ x: 1, y: 2, z: 2 })
  })
})

describe('A file that is deleted while it has another name', () => {
  test('is written anew, and the other name keeps what it had', async () => {
    const disk = new SimulatedDisk()
    const store = await open(disk)
    right(store.change(Model.set('x', 1)))
    right(await store.flushed())
    disk.link(FILE, '/data/backup')
    right(store.change(Model.set('y', 2)))
    right(await store.flushed())
    disk.put(FILE, undefined)
    right(store.change(Model.set('z', 3)))
    right(await store.close())
    expect(await valuesIn(disk)).toEqual({ x: 1, y: 2, z: 3 })
    const backup = right(await openFile('/data/backup', sb, 'me', { disk })())
    expect(Model.toJSON(backup.getReplica().state)).toEqual({ x: 1, y: 2 })
    right(await backup.close())
  })
})

describe('A change that comes while a file is compacted', () => {
  test('is written once, and behind all that the new file says of doubt', async () => {
    const disk = new SimulatedDisk()
    let comes: (() => void) | undefined
    const seen: Disk = {
      ...disk.seenBy(disk.host),
      open: async (name, flags, mode) => {
        if (name.includes('.new.')) comes?.()
        return disk.open(name, flags, mode)
      },
    }
    const store = right(await openFile(FILE, sb, 'me', { disk: seen })())
    right(store.change(Model.set('x', 1)))
    right(await store.flushed())
    comes = () => {
      comes = undefined
      right(store.change(Model.set('y', 2)))
    }
    right(await store.compact())
    right(await store.close())
    const lines = disk.contentOf(FILE)!.toString().split('\n')
    expect(lines.filter((line) => line.startsWith('[["y"'))).toHaveLength(1)
    expect(await valuesIn(disk)).toEqual({ x: 1, y: 2 })
  })
})

describe('A folder that is emptied, lock and all, while a file in it is open', () => {
  test('has the file again at the next flush, and its lock; a folder that is gone is an error', async () => {
    const disk = new SimulatedDisk()
    const store = await open(disk)
    right(store.change(Model.set('x', 1)))
    right(await store.flushed())
    for (const name of disk.paths) disk.put(name, undefined)
    let isGone = true
    const missing = (): Promise<never> => Promise.reject(Object.assign(new Error('ENOENT'), { code: 'ENOENT' }))
    const seen: Disk = {
      ...disk.seenBy(disk.host),
      open: (name, flags, mode) => (isGone ? missing() : disk.open(name, flags, mode)),
      status: (name) => (isGone ? missing() : disk.status(name)),
    }
    isGone = false
    const other = right(await openFile(FILE, sb, 'me', { disk: seen })())
    right(other.change(Model.set('y', 1)))
    right(await other.flushed())
    // another writer has it now
    right(store.change(Model.set('x', 2)))
    expect(await store.flushed()).toMatchObject({ left: { _tag: 'Locked' } })
    for (const name of disk.paths) disk.put(name, undefined)
    isGone = true
    expect(await other.flushed()).toMatchObject({ left: { _tag: 'Io', code: 'ENOENT' } })
    expect(await other.close()).toMatchObject({ left: { _tag: 'Io', code: 'ENOENT' } })
    isGone = false
    right(await other.flushed())
    expect(disk.paths).toHaveLength(2)
    expect(await openFile(FILE, sb, 'me', { disk })()).toMatchObject({ left: { _tag: 'Locked' } })
    right(await other.close())
    expect(disk.paths).toEqual([FILE])
    expect(await valuesIn(disk)).toEqual({ y: 1 })
  })
})

describe('A rename that is reported as failed', () => {
  test('may be done: the file is ours, whether or not the next look fails, too', async () => {
    for (const isBlind of [false, true]) {
      for (const isDone of [false, true]) {
        const disk = new SimulatedDisk()
        let [isFailing, blind] = [false, 0]
        const fails = (): Promise<never> => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' }))
        const seen: Disk = {
          ...disk.seenBy(disk.host),
          rename: async (from, to) => {
            if (!isFailing || isDone) await disk.rename(from, to)
            if (isFailing && isBlind) blind = 1
            if (isFailing) await fails()
          },
          status: (name) => (name === FILE && blind-- > 0 ? fails() : disk.status(name)),
        }
        const store = right(await openFile(FILE, sb, 'me', { disk: seen })())
        right(store.change(Model.set('x', 1)))
        right(await store.flushed())
        isFailing = true
        const compacted = await store.compact()
        expect(compacted._tag).toBe(isDone && !isBlind ? 'Right' : 'Left')
        isFailing = false
        blind = 0
        right(store.change(Model.set('y', 2)))
        right(await store.close())
        expect(await valuesIn(disk)).toEqual({ x: 1, y: 2 })
        expect(disk.paths).toEqual([FILE])
      }
    }
  })
})

describe('A store that cannot be closed', () => {
  test('is given up by force: its file and its lock are free, and it writes no more', async () => {
    const disk = new SimulatedDisk()
    const store = await open(disk)
    right(store.change(Model.set('x', 1)))
    right(await store.flushed())
    disk.put(FILE, Buffer.from('not ours'))
    right(store.change(Model.set('x', 2)))
    expect(await store.close()).toMatchObject({ left: { _tag: 'Occupied' } })
    expect(await openFile(FILE, sb, 'me', { disk })()).toMatchObject({ left: { _tag: 'Locked' } })
    expect(await store.close({ force: true })).toMatchObject({ left: { _tag: 'Occupied' } })
    expect([disk.paths, disk.running]).toEqual([[FILE], 0])
    expect(await store.flushed()).toMatchObject({ left: { _tag: 'Closed' } })
  })
})

describe('An export', () => {
  const told = { left: { _tag: 'Occupied', reason: 'it is the file of a replica' } }

  test("never overwrites a replica: the store's own, one that is closed, one of 0.1", async () => {
    const links = new Map([['/data/link', FILE]])
    const disk = new SimulatedDisk(new Map(), new Map(), { links })
    const store = await open(disk)
    right(store.change(Model.set('x', 1)))
    right(await store.flushed())
    for (const name of [FILE, '/data/link']) {
      expect(await exportLines(store, name, { disk })()).toMatchObject({ left: { _tag: 'Locked', path: FILE } })
    }
    right(await store.close())
    const before = disk.contentOf(FILE)
    const refused = await exportLines(store, FILE, { disk })()
    expect(refused).toMatchObject(told)
    if (refused._tag === 'Left')
      expect(showFileError(refused.left)).toBe(`Occupied: ${FILE}, it is the file of a replica`)
    expect([disk.contentOf(FILE), disk.paths]).toEqual([before, [FILE]])
    const [header, seed] = seal(`{"id":"me","clock":{"${'x'.repeat(100_000)}":1}}\n`, 0)
    const old = Buffer.concat([header, seal('[["x",1],1000,"me"]\n', seed)[0]])
    disk.put('/old', old)
    expect(await exportLines(store, '/old', { disk })()).toMatchObject(told)
    expect(disk.contentOf('/old')).toEqual(old)
  })

  test('is refused where a replica has another name, too', async () => {
    const disk = new SimulatedDisk()
    const store = await open(disk)
    right(store.change(Model.set('x', 1)))
    right(await store.close())
    disk.link(FILE, '/data/backup')
    const before = disk.contentOf(FILE)
    expect(await exportLines(store, '/data/backup', { disk })()).toMatchObject(told)
    expect(disk.contentOf(FILE)).toEqual(before)
  })

  test('overwrites other files, and its own', async () => {
    const disk = new SimulatedDisk(new Map([['/lines', Buffer.from('whatever')]]))
    const store = createStore(sb, 'me')
    for (const value of [1, 2]) {
      right(store.change(Model.set('x', value)))
      right(await exportLines(store, '/lines', { disk })())
      const loaded = createStore(sb, 'other')
      const into = createWriteStream(loaded)
      into.end(disk.contentOf('/lines'))
      await new Promise((resolve) => into.on('finish', resolve))
      expect(Model.toJSON(loaded.getReplica().state)).toEqual({ x: value })
    }
    expect(disk.paths).toEqual(['/lines'])
  })

  test('that is cut anywhere, by any fault, leaves the old file or the new one, whole', async () => {
    const store = createStore(sb, 'me', { now: () => 1000 })
    for (let i = 0; i < 20; i++) right(store.change(Model.set(`k${String(i)}`, i)))
    const old = Buffer.from('{"id":"me","clock":{}}\n')
    const clean = new SimulatedDisk(new Map([['/lines', old]]))
    right(await exportLines(store, '/lines', { disk: clean })())
    const whole = clean.contentOf('/lines')!
    const faults: ReadonlyArray<Fault> = [
      ...[0, 1, 100].map((bytes) => ({ _tag: 'crash' as const, bytes })),
      { _tag: 'fail', code: 'ENOSPC', forEver: false },
      { _tag: 'fail', code: 'EIO', forEver: true },
    ]
    for (const first of [old, undefined]) {
      for (const fault of faults) {
        for (let call = 0; call < clean.calls.length; call++) {
          const files = new Map(first === undefined ? [] : [['/lines', first]])
          const disk = new SimulatedDisk(files, new Map([[call, fault]]))
          await exportLines(store, '/lines', { disk })()
          const survived = [0, 1].map((nth) => disk.afterCrash((n) => (nth === 0 ? 0 : n - 1)).get('/lines'))
          for (const found of [disk.contentOf('/lines'), ...survived]) {
            expect([first, whole].some((one) => (one === undefined ? found === undefined : found?.equals(one)))).toBe(
              true,
            )
          }
        }
      }
    }
  })
})

describe('A file of something else', () => {
  test('is refused by its data type, its version and its id, and stays as it is', async () => {
    const disk = new SimulatedDisk()
    const store = await open(disk)
    right(store.change(Model.set('x', 1)))
    right(await store.close())
    const before = disk.contentOf(FILE)
    const type = Model.of(t.unknown)
    const events = scuttlebutt(Events.of(t.unknown))
    const refused = async (of: unknown, id: string) => openFile(FILE, of as typeof sb, id, { disk })()
    expect(await refused(events, 'me')).toEqual({
      _tag: 'Left',
      left: { _tag: 'OtherType', path: FILE, name: 'Model' },
    })
    expect(await refused(scuttlebutt({ ...type, version: '2' }), 'me')).toMatchObject({ left: { _tag: 'OtherType' } })
    const other = await refused(sb, 'ann')
    expect(other).toEqual({ _tag: 'Left', left: { _tag: 'OtherId', path: FILE, id: 'me' } })
    if (other._tag === 'Left') expect(showFileError(other.left)).toBe(`OtherId: ${FILE}, me`)
    expect([disk.contentOf(FILE), disk.paths]).toEqual([before, [FILE]])
    // a type that had the name is the same type
    const renamed = scuttlebutt({ ...type, name: 'Settings', formerly: ['Model'] })
    right(await right(await refused(renamed, 'me')).close())
    const versioned = scuttlebutt({ ...type, name: 'Settings', formerly: ['Model'], version: '2' })
    expect(await refused(versioned, 'me')).toMatchObject({ left: { _tag: 'OtherType' } })
  })

  test('is taken by who means it, and is of the new id and type from then on', async () => {
    const disk = new SimulatedDisk()
    const store = await open(disk)
    right(store.change(Model.set('x', 1)))
    right(await store.close())
    const adopted = right(await openFile(FILE, sb, 'ann', { disk, adopt: true })())
    expect(adopted.getReplica().id).toBe('ann')
    right(await adopted.close())
    expect(await openFile(FILE, sb, 'me', { disk })()).toMatchObject({ left: { _tag: 'OtherId', id: 'ann' } })
    const second = scuttlebutt({ ...Model.of(t.unknown), version: '2' })
    const moved = right(await openFile(FILE, second, 'ann', { disk, adopt: true })())
    right(moved.change(Model.set('y', 2)))
    right(await moved.close())
    const again = right(await openFile(FILE, second, 'ann', { disk })())
    expect(Model.toJSON(again.getReplica().state)).toEqual({ x: 1, y: 2 })
    right(await again.close())
    expect(await openFile(FILE, sb, 'ann', { disk })()).toMatchObject({ left: { _tag: 'OtherType', version: '2' } })
    // nothing of it can be read: that is meant by nobody
    const feed = scuttlebutt(AppendOnly.of(t.unknown))
    const bytes = disk.contentOf(FILE)
    const wrong = await openFile(FILE, feed, 'ann', { disk, adopt: true })()
    expect(wrong).toMatchObject({ left: { _tag: 'Rejected' } })
    expect(disk.contentOf(FILE)).toEqual(bytes)
  })

  test('of 0.1 says what it is from its first write on', async () => {
    const [header, seed] = seal('{"id":"me","clock":{}}\n', 0)
    const old = Buffer.concat([header, seal('[["x",1],1000,"me"]\n', seed)[0]])
    const disk = new SimulatedDisk(new Map([[FILE, old]]))
    // another type refuses it, as nothing of it can be read
    const doc = await openFile(FILE, scuttlebutt(Doc.of(t.unknown)), 'me', { disk })()
    expect(doc).toMatchObject({ left: { _tag: 'Rejected', offset: header.length } })
    expect(await openFile(FILE, sb, 'ann', { disk })()).toMatchObject({ left: { _tag: 'OtherId', id: 'me' } })
    expect(await valuesIn(disk)).toEqual({ x: 1 })
    expect(disk.contentOf(FILE)).toEqual(old)
    const store = await open(disk)
    right(store.change(Model.set('y', 2)))
    right(await store.close())
    const events = await openFile(FILE, scuttlebutt(Events.of(t.unknown)), 'me', { disk })()
    expect(events).toMatchObject({ left: { _tag: 'OtherType', name: 'Model' } })
    expect(await valuesIn(disk)).toEqual({ x: 1, y: 2 })
  })

  test('is no folder of ours: repair of what is missing says so, and makes nothing', async () => {
    const disk = new SimulatedDisk()
    expect(await repair(FILE, { disk })()).toMatchObject({ left: { _tag: 'Io', code: 'ENOENT' } })
    expect([disk.paths, folderOf('/x').pathOf('a')]).toEqual([[], '/x/a.sb'])
  })
})
