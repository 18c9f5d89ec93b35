/** Tabs that act while another one is in the middle of something. */
import { IDBFactory } from 'fake-indexeddb'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import type { IndexedDbStore } from '../../src/adapters/indexeddb/IndexedDbStore.js'
import { open, type IndexedDbOptions } from '../../src/adapters/indexeddb/open.js'
import * as E from '../../src/core/Either.js'
import type { Operation } from '../../src/adapters/storage/entries.js'
import { open as openTable } from '../../src/adapters/indexeddb/table.js'
import type { WebLocks } from '../../src/adapters/storage/webLocks.js'
import { Model, scuttlebutt } from '../../src/index.js'
import { right } from '../right.js'
import { FakeBrowser, type FakeTab } from './FakeBrowser.js'

const sb = scuttlebutt(Model.of(t.number))

type State = Model.State<number>
type Change = Model.Change<number>
type Store = IndexedDbStore<State, Change>

const opened = async (tab: FakeTab, options: IndexedDbOptions<State, Change> = {}): Promise<Store> =>
  right(await open(tab.host, 'notes', sb, 'me', options))

const shared = (tab: FakeTab): Promise<Store> => opened(tab, { tabs: 'share' })

const toJSON = (store: Store) => Model.toJSON(store.getReplica().state)

const ticks = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

describe('A tab that opens while another one writes', () => {
  test('reads what is there at one moment: as a leader it deletes nothing that was acknowledged', async () => {
    for (let wait = 0; wait < 40; wait++) {
      const browser = new FakeBrowser()
      const tab = browser.tab()
      const first = await shared(tab)
      right(first.change(Model.set('x', 1)))
      right(await first.flushed())
      const opening = shared(browser.tab())
      await ticks(wait)
      right(first.change(Model.set('y', 2)))
      right(await first.flushed())
      const second = await opening
      tab.crash()
      await second.leading
      right(second.change(Model.set('z', 3)))
      right(await second.close())
      const last = await opened(browser.tab())
      expect([wait, toJSON(last)]).toEqual([wait, { x: 1, y: 2, z: 3 }])
      right(await last.close())
    }
  })

  test('reads more than one piece at one moment', async () => {
    const factory = new IDBFactory()
    const opened = () => openTable(factory, 'notes', new AbortController())
    const [reader, writer] = [await opened(), await opened()]
    const keyOf = (i: number): string => `u${String(i).padStart(5, '0')}`
    const keys = Array.from({ length: 10_000 }, (_, i) => keyOf(i))
    const write = (...operations: Operation[]) => writer.update(() => Promise.resolve(E.right(operations)))
    await write(...keys.map((key): Operation => [['u', key], '0']))
    const read: string[] = []
    let writing: Promise<unknown> | undefined
    for await (const entries of reader.entries()) {
      for (const [key] of entries) read.push(key[1] as string)
      // what is to come is superseded by what was passed
      writing ??= write([['u', keyOf(9999)], undefined], ['a', '0'])
    }
    await writing
    expect(read).toEqual(keys)
  })
})

const locked = { _tag: 'Left', left: { _tag: 'Locked', name: 'notes' } }

test.each([0, 1])(
  'Of two tabs without locks, of which one opens while the other one lives, the first to write then stays: tab %i',
  async (first) => {
    const browser = new FakeBrowser()
    const options = { tabs: 'unlocked', now: () => 1000 } as const
    const unlocked = async (): Promise<Store> => {
      const { host } = browser.tab()
      return right(await open({ ...host, navigator: {} }, 'notes', sb, 'me', options))
    }
    const here = await unlocked()
    right(here.change(Model.set('x', 1)))
    right(await here.flushed())
    const stores = [here, await unlocked()]
    // both give it the same stamp
    for (const who of [first, 1 - first, first]) {
      right(stores[who]!.change(Model.set('who', who)))
      const flushed = await stores[who]!.flushed()
      if (who === first) right(flushed)
      else expect(flushed).toEqual(locked)
    }
    right(await stores[first]!.close())
    const last = await opened(browser.tab())
    expect(toJSON(last)).toEqual({ x: 1, who: first })
    right(await last.close())
  },
)

test('A tab whose batch is reported failed, but was done, goes on', async () => {
  const browser = new FakeBrowser()
  const tab = browser.tab()
  const store = await opened(tab)
  for (let i = 0; i < 4; i++) {
    tab.misreports = i % 2 === 0
    right(store.change(Model.set('x', i)))
    const flushed = await store.flushed()
    if (tab.misreports) expect(flushed).toMatchObject({ left: { _tag: 'IndexedDb' } })
    else right(flushed)
  }
  right(await store.close())
  const last = await opened(browser.tab())
  expect(toJSON(last)).toEqual({ x: 3 })
  // what was superseded after a false report is gone too
  expect(sb.history()(last.getReplica())).toEqual(sb.history()(store.getReplica()))
  right(await last.close())
})

test('A tab that takes over has all that the other one was told is saved, and is not locked by it', async () => {
  for (let wait = 0; wait < 20; wait++) {
    const browser = new FakeBrowser()
    const { host } = browser.tab()
    const locks = host.navigator!.locks!
    // another process hears late that its lock is stolen
    const request: WebLocks['request'] = (...given) =>
      locks.request(...given).catch(async (error: unknown) => {
        await ticks(100)
        throw error
      })
    const first = right(await open({ ...host, navigator: { locks: { request } } }, 'notes', sb, 'me', {}))
    right(first.change(Model.set('x', 0)))
    right(await first.flushed())
    const taking = opened(browser.tab(), { takeOver: true })
    await ticks(wait)
    right(first.change(Model.set('x', 1)))
    const flushed = await first.flushed()
    const second = await taking
    expect([wait, toJSON(second)]).toEqual([wait, { x: flushed._tag === 'Right' ? 1 : 0 }])
    right(second.change(Model.set('y', 2)))
    right(await second.close())
  }
})
