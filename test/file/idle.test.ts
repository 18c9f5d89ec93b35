/** A file that nobody writes to: it ends with a mark, and then it is left alone. */
import * as t from 'io-ts'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openFile, type Fsync } from '../../src/adapters/file.js'
import { Model, scuttlebutt } from '../../src/index.js'
import { right } from '../right.js'
import { SimulatedDisk } from './SimulatedDisk.js'

const model = scuttlebutt(Model.of(t.number))

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const policies: ReadonlyArray<Fsync> = ['each', { every: 10 }, 'none']

test.each(policies)('an idle store asks nothing of the disk, with fsync %o', async (fsync) => {
  const disk = new SimulatedDisk()
  const store = right(await openFile('/notes.sb', model, 'ann', { disk, fsync })())
  right(store.change(Model.set('x', 1)))
  right(await store.flushed())
  await vi.advanceTimersByTimeAsync(5000)
  const calls = disk.calls.length
  await vi.advanceTimersByTimeAsync(60_000)
  expect(disk.calls.slice(calls)).toEqual([])
  // and again after the next write
  right(store.change(Model.set('x', 2)))
  await vi.advanceTimersByTimeAsync(5000)
  const later = disk.calls.length
  expect(later).toBeGreaterThan(calls)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(disk.calls.slice(later)).toEqual([])
  right(await store.close())
})
