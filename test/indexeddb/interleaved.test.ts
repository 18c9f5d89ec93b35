/** Tabs that act while another one is in the middle of something. */
import { IDBFactory } from 'fake-indexeddb'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { open, type IndexedDbOptions, type IndexedDbStore } from '../../src/adapters/indexeddb/open.js'
import * as table from '../../src/adapters/indexeddb/table.js'
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
    const [reader, writer] = [await table.open(factory, 'notes'), await table.open(factory, 'notes')]
    const keyOf = (i: number): string => `u${String(i).padStart(5, '0')}`
    const keys = Array.from({ length: 10_000 }, (_, i) => keyOf(i))
    const at = table.tableOf(writer)
    await at.batch(
      keys.map((key) => ({ type: 'put', key, value: key })),
      undefined,
    )
    const read: string[] = []
    let writing: Promise<void> | undefined
    for await (const entries of table.tableOf(reader).entries()) {
      for (const [key] of entries) read.push(key)
      // what is to come is superseded by what was passed
      writing ??= at.batch(
        [
          { type: 'del', key: keyOf(9999) },
          { type: 'put', key: 'a', value: '' },
        ],
        undefined,
      )
    }
    await writing
    expect(read).toEqual(keys)
  })
})
