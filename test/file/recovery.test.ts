/** Own updates that come back to a file store, and rewrite its file, while it writes. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { expect, test } from 'vitest'
import { openFile } from '../../src/adapters/file.js'
import { Events, scuttlebutt, type Update } from '../../src/index.js'
import { right } from '../right.js'
import { inMemory } from '../runs.js'
import { SimulatedDisk } from './SimulatedDisk.js'

const events = scuttlebutt(Events.of(t.number))

const FILE = '/notes.sb'

const step = fc.oneof(
  fc.constant('write' as const),
  fc.constant('comes back' as const),
  fc.constant('flush' as const),
  fc.nat(12),
)

test('saves all that was taken, whenever lost updates come back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const disk = new SimulatedDisk()
      let now = 1000
      const store = right(await openFile(FILE, events, 'ann', { disk, now: () => now++ })())
      const flushes: Promise<unknown>[] = []
      // before the first own update nothing can have been lost
      right(store.change(Events.emit('said', 0)))
      let older = 999
      for (const [i, one] of steps.entries()) {
        const lost: Update<Events.Change<number>> = [['said', i], older, 'ann']
        if (one === 'write') right(store.change(Events.emit('said', i)))
        else if (one === 'flush') flushes.push(store.flushed())
        else if (one === 'comes back') {
          store.apply([lost])
          older--
        } else for (let turn = 0; turn < one; turn++) await Promise.resolve()
      }
      await Promise.all(flushes)
      right(await store.close())
      const taken = Events.toJSON(store.getReplica().state)
      const again = right(await openFile(FILE, events, 'ann', { disk })())
      expect(Events.toJSON(again.getReplica().state)).toEqual(taken)
      right(await again.close())
    }),
    { numRuns: inMemory(300) },
  )
})
