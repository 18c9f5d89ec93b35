/** One writer a file, also when processes die, hosts change their names, and others take over. */
import { hostname } from 'node:os'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import {
  exportLines,
  nodeDisk,
  openFile,
  repair,
  type Disk,
  type Host,
  type LockOptions,
} from '../../src/adapters/file.js'
import * as names from '../../src/adapters/storage/names.js'
import { Model, scuttlebutt } from '../../src/index.js'
import { right } from '../right.js'
import { inMemory } from '../runs.js'
import { SimulatedDisk } from './SimulatedDisk.js'

const sb = scuttlebutt(Model.of(t.unknown))

const FILE = '/data/replica.sb'

const open = (disk: Disk, options: LockOptions = {}) => openFile(FILE, sb, 'me', { disk, ...options })()

type AnyStore = Extract<Awaited<ReturnType<typeof open>>, { readonly _tag: 'Right' }>['right']

/** A process elsewhere, or here: what is not said is as in `container`. */
const container: Host = {
  name: 'c0ffee',
  machine: '',
  boot: 'b0',
  processes: 'p0',
  pid: 1,
  isRunning: () => true,
  beganAt: () => '100',
}

const locksIn = (disk: SimulatedDisk): ReadonlyArray<string> => disk.paths.filter((name) => name.includes('.lock.'))

const locked = { _tag: 'Left', left: { _tag: 'Locked', path: FILE } }

describe('A lock', () => {
  test('is known as one, whatever a host says of itself', async () => {
    const said = fc.string({ maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(said, said, said, said, async (machine, boot, processes, began) => {
        const disk = new SimulatedDisk()
        const one: Host = { ...container, machine, boot, processes, beganAt: () => began }
        const store = right(await open(disk.seenBy(one)))
        expect(await open(disk.seenBy({ ...one, pid: 2 }))).toMatchObject(locked)
        right(await store.close())
        expect(locksIn(disk)).toEqual([])
      }),
      { numRuns: inMemory(), examples: [['6b7f-x', 'a.b', 'pid:[4026531836]', '12.5']] },
    )
  })

  test('of a container that was killed counts for thirty seconds, for repair and exports too', async () => {
    const disk = new SimulatedDisk()
    const killed = right(await open(disk.seenBy(container)))
    right(killed.change(Model.set('x', 1)))
    right(await killed.flushed())
    // the process is gone: nothing renews its lock
    const image = new Map(disk.paths.map((name) => [name, disk.contentOf(name)!]))
    const later = new SimulatedDisk(image)
    const host = { ...container, name: 'decade' }
    const here = later.seenBy(host)
    await later.pass(30_000)
    expect(await open(here)).toMatchObject({ left: { _tag: 'Locked', by: 'process 1 on c0ffee' } })
    expect(await repair(FILE, { disk: here })()).toMatchObject(locked)
    expect(await exportLines(killed, FILE, { disk: here })()).toMatchObject(locked)
    await later.pass(1000)
    const store = right(await open(here))
    expect(Model.toJSON(store.getReplica().state)).toEqual({ x: 1 })
    right(await store.close())
    expect([locksIn(later), later.running]).toEqual([[], 0])
  })

  test('of a writer that lives is renewed each five seconds, and counts as long as that', async () => {
    const disk = new SimulatedDisk()
    const store = right(await open(disk.seenBy(container)))
    const before = disk.calls.length
    await disk.pass(300_000)
    const renewals = disk.calls.slice(before).filter((call) => call.startsWith('write replica.sb.lock.'))
    expect(renewals).toHaveLength(60)
    const host = { ...container, name: 'decade' }
    expect(await open(disk.seenBy(host))).toMatchObject(locked)
    right(await store.close())
    right(await (await open(disk.seenBy(host)).then(right)).close())
    expect(disk.running).toBe(0)
  })

  test('does not count at once if its process is known to be dead: by its start, or that of the machine', async () => {
    const here = { ...container, machine: 'm0' }
    const after: Readonly<Record<string, readonly [Host, boolean]>> = {
      'no such process': [{ ...here, isRunning: () => false }, true],
      'its number is used again': [{ ...here, beganAt: () => '200' }, true],
      'the machine was started anew': [{ ...here, boot: 'b1' }, true],
      'it runs': [{ ...here, pid: 2 }, false],
      // these may be other places with the same names
      'another machine': [{ ...here, machine: 'm1', boot: 'b1', isRunning: () => false }, false],
      'a machine that nobody knows': [{ ...here, machine: '', boot: 'b1', isRunning: () => false }, false],
      'another container': [{ ...here, processes: 'p1', isRunning: () => false }, false],
      'another name': [{ ...here, name: 'x', isRunning: () => false }, false],
      'a system that tells no machines apart': [{ ...here, boot: '', processes: '', isRunning: () => false }, false],
    }
    for (const [why, [host, isFree]] of Object.entries(after)) {
      const disk = new SimulatedDisk()
      const { boot, processes } = host
      right(await open(disk.seenBy(boot === '' ? { ...here, boot, processes } : here)))
      const opened = await open(disk.seenBy({ ...host, pid: host.pid + 1 }))
      expect([why, opened._tag]).toEqual([why, isFree ? 'Right' : 'Left'])
    }
  })

  test('of another user, who lets nobody read it, counts as any other', async () => {
    const disk = new SimulatedDisk()
    const store = right(await open(disk.seenBy(container)))
    right(store.change(Model.set('x', 1)))
    right(await store.flushed())
    const denied = (): Promise<never> => Promise.reject(Object.assign(new Error('EACCES'), { code: 'EACCES' }))
    const theirs = locksIn(disk)
    const seenBy = (isRunning: boolean): Disk => {
      const host = disk.seenBy({ ...container, pid: 2, isRunning: () => isRunning })
      const open: Disk['open'] = (name, flags, mode) =>
        theirs.includes(name) ? denied() : host.open(name, flags, mode)
      return { ...host, open }
    }
    expect(await open(seenBy(true))).toMatchObject(locked)
    const next = right(await open(seenBy(false)))
    expect(Model.toJSON(next.getReplica().state)).toEqual({ x: 1 })
    right(await next.close())
  })

  test('is made again, after the folder was emptied, also if that fails the first time', async () => {
    for (let nth = 0; nth < 12; nth++) {
      const disk = new SimulatedDisk()
      let left = Infinity
      const fails = (): Promise<never> => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' }))
      const once = <A>(call: () => Promise<A>): Promise<A> => (left-- === 0 ? fails() : call())
      const host = disk.seenBy(container)
      const seen: Disk = {
        ...host,
        list: (name) => once(() => host.list(name)),
        status: (name) => once(() => host.status(name)),
        open: (name, flags, mode) => once(() => host.open(name, flags, mode)),
      }
      const store = right(await open(seen))
      right(store.change(Model.set('x', 1)))
      right(await store.flushed())
      for (const name of disk.paths) disk.put(name, undefined)
      left = nth
      if ((await store.flushed())._tag === 'Left') right(await store.flushed())
      left = Infinity
      expect(locksIn(disk)).toHaveLength(1)
      right(await store.close())
      expect([locksIn(disk), disk.running]).toEqual([[], 0])
    }
  })

  test('that is dated ahead, since the clock was put back, counts if its writer is seen to renew it', async () => {
    const disk = new SimulatedDisk()
    await disk.pass(3_600_000)
    const living = right(await open(disk.seenBy(container)))
    right(living.change(Model.set('x', 1)))
    right(await living.flushed())
    const image = new Map(disk.paths.map((name) => [name, disk.contentOf(name)!]))
    const host = { ...container, name: 'decade' }
    for (const isKilled of [true, false]) {
      const back = isKilled ? new SimulatedDisk(image) : disk
      for (const name of locksIn(back)) back.date(name, 7_200_000)
      const opening = open(back.seenBy(host))
      await back.pass(12_000)
      const opened = await opening
      expect(opened._tag).toBe(isKilled ? 'Right' : 'Left')
      if (opened._tag === 'Left') expect(opened).toMatchObject(locked)
      else right(await opened.right.close())
    }
    right(await living.close())
    expect(disk.running).toBe(0)
  })

  test('of 0.1 counts as before: for ever if its host is another one', async () => {
    const of01 = (pid: number, host: string): string =>
      `${FILE}.lock.${String(pid)}.1.${names.encode(host)}.6f1c3c1e-8d2a-4b0f-9a57-0a4b8a2f7c11`
    const disk = new SimulatedDisk(new Map([[of01(process.pid, 'elsewhere'), Buffer.alloc(0)]]))
    await disk.pass(100_000)
    expect(await open(disk)).toMatchObject(locked)
    right(await (await open(disk, { takeOver: true }).then(right)).close())
    const mine = new SimulatedDisk(new Map([[of01(999_999_999, hostname()), Buffer.alloc(0)]]))
    right(await (await open(mine).then(right)).close())
    expect(locksIn(mine)).toEqual([])
  })

  test('that is taken over lets its writer write no more, whatever it does', async () => {
    const disk = new SimulatedDisk()
    const first = right(await open(disk.seenBy(container)))
    right(first.change(Model.set('x', 1)))
    right(await first.flushed())
    const second = right(await open(disk.seenBy({ ...container, name: 'other' }), { takeOver: true }))
    // it is all there still
    right(await first.flushed())
    right(second.change(Model.set('y', 2)))
    right(await second.flushed())
    const bytes = disk.contentOf(FILE)
    // another file has the name, and nobody knows whose
    expect(await first.flushed()).toMatchObject(locked)
    right(first.change(Model.set('x', 3)))
    expect(await first.flushed()).toMatchObject(locked)
    expect(await first.compact()).toMatchObject(locked)
    expect(await first.close()).toMatchObject(locked)
    expect([disk.contentOf(FILE), disk.running]).toEqual([bytes, 1])
    right(await second.close())
    expect(await first.flushed()).toMatchObject(locked)
    const last = right(await open(disk))
    expect(Model.toJSON(last.getReplica().state)).toEqual({ x: 1, y: 2 })
    right(await last.close())
    const repairing = right(await open(disk))
    right(await repair(FILE, { disk, takeOver: true })())
    expect(await repairing.compact()).toMatchObject(locked)
  })

  test('that is lost in the middle of a compaction keeps the file of who took over', async () => {
    const disk = new SimulatedDisk()
    let takesOver = false
    const slow: Disk = {
      ...disk.seenBy(container),
      open: async (name, flags, mode) => {
        const handle = await disk.open(name, flags, mode)
        const sync = async (): Promise<void> => {
          if (takesOver) for (const lock of locksIn(disk)) disk.put(lock, undefined)
          await handle.sync()
        }
        return name.includes('.new.') ? { ...handle, sync } : handle
      },
    }
    const store = right(await open(slow))
    right(store.change(Model.set('x', 1)))
    right(await store.flushed())
    const bytes = disk.contentOf(FILE)
    takesOver = true
    expect(await store.compact()).toMatchObject(locked)
    expect([disk.contentOf(FILE), disk.paths]).toEqual([bytes, [FILE]])
  })

  test('that cannot be removed is not renewed any more, and so does not count for ever', async () => {
    const disk = new SimulatedDisk()
    const remove: Disk['remove'] = (name) =>
      name.includes('.lock.') ? Promise.reject(new Error('read-only')) : disk.remove(name)
    const store = right(await open({ ...disk.seenBy(container), remove }))
    expect(disk.running).toBe(1)
    expect(await store.close()).toMatchObject({ left: { _tag: 'Io' } })
    expect(disk.running).toBe(0)
    await disk.pass(31_000)
    right(await (await open(disk.seenBy({ ...container, name: 'decade' })).then(right)).close())
    expect(locksIn(disk)).toEqual([])
  })

  test('is never held by two, whoever opens, closes or takes over', async () => {
    const step = fc.record({
      who: fc.nat(2),
      what: fc.constantFrom('open', 'open', 'takeOver', 'write', 'write', 'close', 'pass'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const disk = new SimulatedDisk()
        const stores = new Map<number, AnyStore>()
        let writer: number | undefined
        let safe: Readonly<Record<string, unknown>> = {}
        let n = 0
        for (const { who, what } of steps) {
          const store = stores.get(who)
          if (what === 'pass') await disk.pass(31_000)
          else if (what === 'open' || what === 'takeOver') {
            if (store !== undefined) continue
            const host = { ...container, name: `host ${String(who)}` }
            const opened = await open(disk.seenBy(host), { takeOver: what === 'takeOver' })
            // renewed by timers that run on, so that nobody is ever stale here
            expect(opened._tag).toBe(writer === undefined || what === 'takeOver' ? 'Right' : 'Left')
            if (opened._tag === 'Left') continue
            expect(Model.toJSON(opened.right.getReplica().state)).toMatchObject(safe)
            stores.set(who, opened.right)
            writer = who
          } else if (store === undefined) continue
          else if (what === 'write') {
            const key = `k${String(n++)}`
            right(store.change(Model.set(key, n)))
            const flushed = await store.flushed()
            expect(flushed._tag).toBe(writer === who ? 'Right' : 'Left')
            if (writer === who) safe = { ...safe, [key]: n }
          } else {
            const closed = await store.close()
            stores.delete(who)
            if (writer === who) writer = undefined
            // who lost the lock may have an update that is not saved
            else if (closed._tag === 'Left') expect(closed).toMatchObject(locked)
          }
        }
      }),
      { numRuns: inMemory(100, 5) },
    )
  })

  test('is too long a name for no file', async () => {
    for (const length of [140, 141, 240]) {
      const disk = new SimulatedDisk()
      const file = `/${'n'.repeat(length)}`
      const store = right(
        await openFile(file, sb, 'me', { disk: disk.seenBy({ ...container, name: 'h'.repeat(64) }) })(),
      )
      expect(await openFile(file, sb, 'me', { disk })()).toMatchObject({ left: { _tag: 'Locked' } })
      for (const name of disk.paths) expect(name.length).toBeLessThanOrEqual(length < 200 ? 255 : 256)
      right(await store.close())
    }
  })

  test('keeps no process alive, and is that of this very process', () => {
    const { host } = nodeDisk
    expect([host.name, host.pid]).toEqual([hostname(), process.pid])
    expect(host.isRunning(process.pid)).toBe(true)
    expect(host.isRunning(999_999_999)).toBe(false)
    if (process.platform === 'linux') {
      expect(host.boot).toMatch(/^[0-9a-f]{8}$/)
      expect(host.beganAt(process.pid)).toMatch(/^\d+$/)
    }
    let calls = 0
    const stop = nodeDisk.every(1, () => calls++)
    const timers = process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length
    stop()
    expect(process.getActiveResourcesInfo().filter((one) => one === 'Timeout')).toHaveLength(timers)
  })
})
