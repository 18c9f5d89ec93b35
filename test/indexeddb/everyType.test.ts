/** Tabs that share a replica of each data type, against a replica that knows all that was kept. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import type { IndexedDbStore } from '../../src/adapters/indexeddb/IndexedDbStore.js'
import { open } from '../../src/adapters/indexeddb/open.js'
import { createStore } from '../../src/adapters/store.js'
import { ExpiryModel, scuttlebutt, type Update } from '../../src/index.js'
import { right } from '../right.js'
import { inNetworks } from '../runs.js'
import { table } from '../table.js'
import { talk } from '../talk.js'
import { FakeBrowser, type FakeTab } from './FakeBrowser.js'

const entries = [
  // what prunes by number drops other entries in each tab
  ...table.filter(({ dataType }) => dataType.name !== 'ExpiryModel'),
  {
    dataType: ExpiryModel.of(t.number, { maxAge: 40 }),
    change: fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(9)).map(([key, value]) => ExpiryModel.set(key, value)),
    toJSON: (state: ExpiryModel.State<number>) => ExpiryModel.of(t.number, { maxAge: 40 }).toJSON(state),
  },
] as unknown as typeof table

const kind = fc.oneof(
  { weight: 8, arbitrary: fc.constant('change' as const) },
  { weight: 4, arbitrary: fc.constant('flush' as const) },
  { weight: 2, arbitrary: fc.constant('prune' as const) },
  { weight: 3, arbitrary: fc.constantFrom('talk' as const, 'crash' as const, 'settle' as const, 'begin' as const) },
)

describe.each(entries.map((entry) => [entry.dataType.name, entry] as const))('Tabs that share a %s', (_, entry) => {
  const of = scuttlebutt(entry.dataType)
  type State = typeof entry.dataType.empty
  type Change = Parameters<typeof of.applyUpdate>[0][0]
  type Store = IndexedDbStore<State, Change>

  test('have what each of them saved, as have the disk and a server', async () => {
    const step = fc.tuple(kind, fc.nat(2), entry.change, fc.boolean())
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), async (steps) => {
        const browser = new FakeBrowser()
        let time = 1000
        const now = (): number => time
        const server = createStore(of, 'server', { now })
        const tabs: { tab: FakeTab; store: Store; unsaved: Update<Change>[] }[] = []
        const kept: Update<Change>[] = []
        const opened = async () => {
          const tab = browser.tab()
          return { tab, store: right(await open(tab.host, 'x', of, 'me', { tabs: 'share', now })), unsaved: [] }
        }
        for (let i = 0; i < 3; i++) tabs.push(await opened())
        for (const [what, i, command, isLate] of steps) {
          const { tab, store, unsaved } = tabs[i]!
          if (isLate) time += 4
          if (what === 'change') {
            const made = store.change(command)
            if (made._tag === 'Right') unsaved.push(made.right)
          } else if (what === 'prune') store.prune()
          else if (what === 'settle') store.settle()
          else if (what === 'begin') void store.flushed()
          else if (what === 'crash') {
            tab.crash()
            tabs[i] = await opened()
          } else {
            const count = unsaved.length
            right(await store.flushed())
            kept.push(...unsaved.splice(0, count))
            if (what === 'talk' && store.isLeader()) talk(store, server)
          }
        }
        for (const { store, unsaved } of [...tabs, ...tabs]) {
          right(await store.flushed())
          kept.push(...unsaved.splice(0))
        }
        const states = (store: Pick<Store, 'getReplica'>): unknown => entry.toJSON(store.getReplica().state)
        for (const { store } of tabs) store.prune()
        for (const { store, tab } of tabs) {
          right(await store.flushed())
          tab.crash()
        }
        const last = right(await open(browser.tab().host, 'x', of, 'me', { now }))
        last.prune()
        server.prune()
        for (const { store } of tabs) {
          expect(states(store)).toEqual(states(last))
          expect(of.history()(store.getReplica())).toEqual(of.history()(last.getReplica()))
        }
        talk(last, server)
        for (const store of [last, server]) store.prune()
        expect(states(last)).toEqual(states(server))
        expect(of.history()(last.getReplica())).toEqual(of.history()(server.getReplica()))
        const all = createStore(of, 'all', { now })
        all.reconcile({ digest: { id: '', clock: {} }, updates: kept })
        all.apply(of.history()(server.getReplica()))
        all.prune()
        expect(of.history()(last.getReplica())).toEqual(of.history()(all.getReplica()))
        right(await last.close())
      }),
      { numRuns: inNetworks(2, entries.length * 4) },
    )
  })
})
