/** Who takes over loses nothing that the writer before acknowledged, however late that one is. */
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { openFile, type Disk, type Handle, type Host } from '../../src/adapters/file.js'
import { Model, scuttlebutt } from '../../src/index.js'
import { right } from '../right.js'
import { SimulatedDisk } from './SimulatedDisk.js'

const sb = scuttlebutt(Model.of(t.unknown))

const FILE = '/data/replica.sb'

const host = (name: string): Host => ({
  name,
  machine: '',
  boot: name,
  processes: '',
  pid: 1,
  isRunning: () => true,
  beganAt: () => '1',
})

/** The disk of a writer that is stopped before one of its calls while `act` runs. */
const stopped = (disk: SimulatedDisk, at: () => boolean, act: () => Promise<void>): Disk => {
  const before = async <A>(call: () => Promise<A>): Promise<A> => {
    if (at()) await act()
    return call()
  }
  const handleOf = (handle: Handle): Handle => ({
    ...handle,
    read: (into, position) => before(() => handle.read(into, position)),
    // half of the bytes a call, so that it is stopped in the middle of a write, too
    write: (bytes, position) => before(() => handle.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), position)),
    sync: () => before(() => handle.sync()),
    truncate: (length) => before(() => handle.truncate(length)),
    status: () => before(() => handle.status()),
  })
  const seen = disk.seenBy(host('first'))
  return {
    ...seen,
    open: (name, flags, mode) => before(async () => handleOf(await seen.open(name, flags, mode))),
    rename: (from, to) => before(() => seen.rename(from, to)),
    remove: (name) => before(() => seen.remove(name)),
    syncFolder: (folder) => before(() => seen.syncFolder(folder)),
    status: (name) => before(() => seen.status(name)),
  }
}

describe('A writer that is stopped at any of its calls while another one takes over', () => {
  test.each(['flush', 'compact', 'close', 'delete'] as const)('%s', async (what) => {
    let [calls, ran] = [0, 0]
    for (let nth = 0; nth <= calls; nth++) {
      for (const waits of [false, true]) {
        const disk = new SimulatedDisk()
        let [count, isArmed] = [0, false]
        let second: Awaited<ReturnType<typeof takeOver>> | undefined
        const takeOver = async () =>
          right(
            await openFile(FILE, sb, 'me', { disk: disk.seenBy(host('second')), takeOver: true, now: () => 5000 })(),
          )
        const shutOut = async (): Promise<void> => {
          second = await takeOver()
          ran++
          if (!waits) return
          right(second.change(Model.set('theirs', 1)))
          right(await second.flushed())
        }
        const first = right(
          await openFile(FILE, sb, 'me', {
            disk: stopped(disk, () => isArmed && count++ === nth, shutOut),
            now: () => 1000,
          })(),
        )
        right(first.change(Model.set('before', 1)))
        right(await first.flushed())
        if (what === 'delete') disk.put(FILE, undefined)
        isArmed = true
        right(first.change(Model.set('late', 1)))
        const outcome = await (what === 'compact'
          ? first.compact()
          : what === 'close'
            ? first.close()
            : first.flushed())
        isArmed = false
        calls = Math.max(calls, count)
        second ??= await takeOver()
        right(second.change(Model.set('theirs', 1)))
        right(await second.flushed())
        const live = Model.toJSON(second.getReplica().state)
        if (outcome._tag === 'Right') expect([nth, live]).toMatchObject([nth, { late: 1 }])
        // a file that is deleted at that very moment may be read before it is written anew
        if (what !== 'delete') expect(live).toMatchObject({ before: 1, theirs: 1 })
        right(await second.close())
        for (const choose of [() => 0, (n: number) => n - 1]) {
          const last = right(await openFile(FILE, sb, 'me', { disk: new SimulatedDisk(disk.afterCrash(choose)) })())
          expect([nth, Model.toJSON(last.getReplica().state)]).toEqual([nth, live])
          expect(last.opened.torn).toBeUndefined()
        }
      }
    }
    expect(ran).toBeGreaterThan(10)
  })
})

test('A writer that was shut out is remembered until the file is a new one, whoever takes over and dies', async () => {
  const disk = new SimulatedDisk()
  const openIn = async (name: string, takeOver = false) =>
    right(await openFile(FILE, sb, 'me', { disk: disk.seenBy(host(name)), takeOver })())
  const first = await openIn('first')
  right(first.change(Model.set('x', 1)))
  right(await first.flushed())
  await openIn('second', true)
  // it is killed, and somebody cleans up behind it
  for (const name of disk.paths.filter((one) => one.includes('.lock.'))) disk.put(name, undefined)
  const before = await disk.status(FILE)
  const third = await openIn('third')
  right(third.change(Model.set('y', 2)))
  right(await third.flushed())
  // what the first one writes late goes to the old file
  expect((await disk.status(FILE)).identity).not.toBe(before.identity)
  expect(disk.paths.filter((one) => one.includes('.shut.'))).toEqual([])
  right(first.change(Model.set('late', 3)))
  expect(await first.flushed()).toMatchObject({ left: { _tag: 'Locked' } })
  right(await third.close())
})
