/** Stores that were open before and saved nothing: what their peers have of them comes back. */
import * as t from 'io-ts'
import { MemoryLevel } from 'memory-level'
import { describe, expect, test } from 'vitest'
import { openFile } from '../../src/adapters/file.js'
import { open } from '../../src/adapters/indexeddb/open.js'
import { openLevel } from '../../src/adapters/level.js'
import { createStore } from '../../src/adapters/store.js'
import type { DurableStore } from '../../src/adapters/store/DurableStore.js'
import { Model, scuttlebutt } from '../../src/index.js'
import { SimulatedDisk } from '../file/SimulatedDisk.js'
import { FakeBrowser } from '../indexeddb/FakeBrowser.js'
import { right } from '../right.js'
import { talk } from '../talk.js'

const sb = scuttlebutt(Model.of(t.number))

type Opened = DurableStore<Model.State<number>, Model.Change<number>, unknown>

/** The same place, opened again and again. */
const places = {
  'a file': () => {
    const disk = new SimulatedDisk()
    return async (now: () => number): Promise<Opened> => right(await openFile('/x.sb', sb, 'me', { disk, now })())
  },
  'a database': () => {
    const db = new MemoryLevel()
    return async (now: () => number): Promise<Opened> => right(await openLevel(db, sb, 'me', { now })())
  },
  IndexedDB: () => {
    const browser = new FakeBrowser()
    return async (now: () => number): Promise<Opened> => right(await open(browser.tab().host, 'x', sb, 'me', { now }))
  },
  'shared tabs': () => {
    const browser = new FakeBrowser()
    return async (now: () => number): Promise<Opened> =>
      right(await open(browser.tab().host, 'x', sb, 'me', { now, tabs: 'share' }))
  },
}

describe.each(Object.entries(places))('A store in %s', (_, place) => {
  test('that told an update, died before it saved any, and wrote on gets that update back', async () => {
    const reopen = place()
    let now = 1000
    const clock = (): number => now++
    // the first life makes an update that a peer gets; nothing is saved but that it was open
    right(await (await reopen(clock)).close())
    const lost = createStore(sb, 'me', { now: clock })
    right(lost.change(Model.set('first', 1)))
    const peer = createStore(sb, 'peer', { replica: sb.merge(lost.getReplica())(sb.create('peer')) })
    const second = await reopen(clock)
    right(second.change(Model.set('second', 2)))
    expect(sb.digest(second.getReplica()).clock).toEqual({})
    right(await second.close())
    const third = await reopen(clock)
    talk(third, peer)
    for (const store of [third, peer]) {
      expect(Model.toJSON(store.getReplica().state)).toEqual({ first: 1, second: 2 })
      expect(sb.digest(store.getReplica()).doubt).toBeUndefined()
    }
    right(await third.close())
  })

  test('says which of its writes stand below one that it forgot, as its clock was behind', async () => {
    const reopen = place()
    right(await (await reopen(() => 1000)).close())
    const lost = createStore(sb, 'me', { now: () => 9000 })
    const returning = ['first', 'next'].map((key) => right(lost.change(Model.set(key, 1))))
    const peer = createStore(sb, 'peer', { replica: sb.merge(lost.getReplica())(sb.create('peer')) })
    const store = await reopen(() => 2000)
    right(store.change(Model.set('below', 2)))
    expect(store.refusals()).toEqual([])
    for (const update of returning) store.reconcile({ digest: { id: 'bus', clock: {} }, updates: [update] })
    talk(store, peer)
    expect(store.refusals()).toEqual([{ timestamp: 2000, source: 'me', reason: 'Overtaken' }])
    right(store.change(Model.set('above', 3)))
    talk(store, peer)
    expect(Model.toJSON(peer.getReplica().state)).toEqual({ first: 1, next: 1, above: 3 })
    expect(store.refusals()).toHaveLength(1)
    right(await store.close())
  })

  test('that is new is sure of what it writes', async () => {
    const store = await place()(() => 1000)
    right(store.change(Model.set('x', 1)))
    expect(sb.digest(store.getReplica())).toEqual({ id: 'me', clock: { me: 1000 } })
    right(await store.close())
  })
})
