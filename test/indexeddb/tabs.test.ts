/** Tabs that share a replica: closed, crashed, mid-write, against what was acknowledged. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import type { IndexedDbStore } from '../../src/adapters/indexeddb/IndexedDbStore.js'
import { open } from '../../src/adapters/indexeddb/open.js'
import type { WebLocks } from '../../src/adapters/storage/webLocks.js'
import { createStore } from '../../src/adapters/store.js'
import { Events, Model, scuttlebutt, type Update } from '../../src/index.js'
import { right } from '../right.js'
import { overWire } from '../runs.js'
import { talk } from '../talk.js'
import { FakeBrowser, type FakeTab } from './FakeBrowser.js'

const sb = scuttlebutt(Model.of(t.number))

type Store = IndexedDbStore<Model.State<number>, Model.Change<number>>

const shared = async (tab: FakeTab, now?: () => number): Promise<Store> =>
  right(await open(tab.host, 'notes', sb, 'me', { tabs: 'share', ...(now && { now }) }))

const onDisk = async (browser: FakeBrowser): Promise<Store> =>
  right(await open(browser.tab().host, 'notes', sb, 'me', {}))

const toJSON = (store: Store) => Model.toJSON(store.getReplica().state)

const ticks = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

const eventually = async (check: () => boolean): Promise<void> => {
  for (let i = 0; !check(); i++) {
    if (i > 20_000) throw new Error('it does not come')
    await ticks(1)
  }
}

describe('Tabs that share', () => {
  test('have one leader; what a follower flushed is on the disk, and the others see it', async () => {
    const browser = new FakeBrowser()
    const [first, second] = [await shared(browser.tab()), await shared(browser.tab())]
    expect([first.isLeader(), second.isLeader()]).toEqual([true, false])
    expect([first.getReplica().id, second.getReplica().id]).toEqual(['me', 'me+1'])
    right(second.change(Model.set('x', 1)))
    right(await second.flushed())
    await eventually(() => toJSON(first)['x'] === 1)
    right(first.change(Model.set('y', 2)))
    await eventually(() => Model.size(second.getReplica().state) === 2)
    right(await first.close())
    await second.leading
    expect(second.isLeader()).toBe(true)
    right(second.change(Model.set('z', 3)))
    right(await second.close())
    const again = await onDisk(browser)
    expect(toJSON(again)).toEqual({ x: 1, y: 2, z: 3 })
    expect(Object.keys(sb.digest(again.getReplica()).clock)).toEqual(['me', 'me+1'])
    right(await again.close())
  })

  test('reuse the ids of tabs that are gone: the sources are as many as tabs were open at once', async () => {
    const browser = new FakeBrowser()
    const first = await shared(browser.tab())
    for (let i = 0; i < 20; i++) {
      const tab = browser.tab()
      const store = await shared(tab)
      right(store.change(Model.set(`k${String(i)}`, i)))
      right(await store.flushed())
      if (i % 2 === 0) right(await store.close())
      else tab.crash()
      await ticks(3)
    }
    expect(Object.keys(sb.digest(first.getReplica()).clock)).toEqual(['me+1'])
    right(await first.close())
  })

  test('acknowledge nothing that they cannot write, and write it when they can', async () => {
    const browser = new FakeBrowser()
    const tab = browser.tab()
    const [first, second] = [await shared(browser.tab()), await shared(tab)]
    tab.refuses = true
    right(second.change(Model.set('x', 1)))
    expect(await second.flushed()).toMatchObject({ left: { _tag: 'IndexedDb' } })
    // it hears of what it cannot read
    right(first.change(Model.set('y', 2)))
    right(await first.flushed())
    await ticks(20)
    expect([toJSON(first), toJSON(second)]).toEqual([{ y: 2 }, { x: 1 }])
    tab.refuses = false
    right(await second.flushed())
    expect(toJSON(second)).toEqual({ x: 1, y: 2 })
    await eventually(() => Model.size(first.getReplica().state) === 2)
    right(await first.close())
    right(await second.close())
  })

  test('read what the former leader wrote without their knowledge', async () => {
    const browser = new FakeBrowser()
    const tab = browser.tab()
    const [first, second] = [await shared(tab), await shared(browser.tab())]
    browser.random = () => 0
    browser.lost = 1
    right(first.change(Model.set('x', 1)))
    right(await first.flushed())
    expect(toJSON(second)).toEqual({})
    tab.crash()
    await second.leading
    expect(toJSON(second)).toEqual({ x: 1 })
    right(second.change(Model.set('y', 2)))
    right(await second.close())
    const again = await onDisk(browser)
    expect(toJSON(again)).toEqual({ x: 1, y: 2 })
    right(await again.close())
  })

  test('stamp after all that an earlier tab of their number has saved', async () => {
    const browser = new FakeBrowser()
    const former = browser.tab()
    const [first, second] = [await shared(browser.tab()), await shared(former, () => 1000)]
    const [, stamp, source] = right(second.change(Model.set('x', 1)))
    right(await second.flushed())
    former.crash()
    const third = await shared(browser.tab(), () => 1000)
    const [, later, same] = right(third.change(Model.set('y', 2)))
    expect(same).toBe(source)
    expect(later).toBeGreaterThan(stamp)
    right(await third.flushed())
    await eventually(() => Model.size(first.getReplica().state) === 2)
    right(await first.close())
    right(await third.close())
  })

  test('say nothing of what they did not save: a stamp that nobody has seen is free', async () => {
    const browser = new FakeBrowser()
    const former = browser.tab()
    const [first, second] = [await shared(browser.tab()), await shared(former, () => 1000)]
    const [, stamp] = right(second.change(Model.set('x', 1)))
    former.crash()
    const third = await shared(browser.tab(), () => 1000)
    expect(right(third.change(Model.set('y', 2)))[1]).toBe(stamp)
    right(await third.flushed())
    await eventually(() => Model.size(first.getReplica().state) > 0)
    expect(toJSON(first)).toEqual({ y: 2 })
    right(await first.close())
    right(await third.close())
  })

  test('let the next one lead, whenever one closes while it takes over', async () => {
    let hasLed = false
    for (let wait = 0; !hasLed; wait++) {
      const browser = new FakeBrowser()
      const [first, second] = [await shared(browser.tab()), await shared(browser.tab())]
      right(await first.close())
      await ticks(wait)
      hasLed = second.isLeader()
      right(await second.close())
      let third: Store | undefined
      void shared(browser.tab()).then((store) => (third = store))
      await eventually(() => third?.isLeader() === true)
      right(await third!.close())
    }
  })

  test("save what their own listeners write at the very moment of others' news", async () => {
    const browser = new FakeBrowser()
    const [first, second] = [await shared(browser.tab()), await shared(browser.tab())]
    second.subscribe(([update]) => {
      if (update?.[0][0] === 'asked') right(second.change(Model.set('answered', 1)))
    })
    right(first.change(Model.set('asked', 1)))
    await eventually(() => Model.has('answered')(first.getReplica().state))
    right(await second.flushed())
    expect(toJSON(second)).toEqual({ asked: 1, answered: 1 })
    for (const one of [second, first]) right(await one.close())
  })

  test('say nothing of what the leader told them', async () => {
    const browser = new FakeBrowser()
    const follower = browser.tab()
    const [first, second] = [await shared(browser.tab()), await shared(follower)]
    const letters: (() => void)[] = []
    follower.late = letters
    for (let i = 0; i < 5; i++) {
      right(first.change(Model.set('x', i)))
      right(await first.flushed())
      await eventually(() => toJSON(second)['x'] === i)
      await ticks(5)
    }
    right(await second.flushed())
    expect(letters).toEqual([])
    for (const one of [first, second]) right(await one.close())
  })

  test('lead once the one before them is gone, also if the disk refuses', async () => {
    const browser = new FakeBrowser()
    const tab = browser.tab()
    const [first, second] = [await shared(browser.tab()), await shared(tab)]
    tab.refuses = true
    right(await first.close())
    await second.leading
    right(second.change(Model.set('x', 1)))
    expect([second.isLeader(), await second.flushed()]).toMatchObject([true, { left: { _tag: 'IndexedDb' } }])
    tab.refuses = false
    right(await second.close())
    const again = await onDisk(browser)
    expect(toJSON(again)).toEqual({ x: 1 })
    right(await again.close())
  })

  test('forget that they could not read the disk, once they can', async () => {
    const browser = new FakeBrowser()
    const tab = browser.tab()
    const [first, second] = [await shared(browser.tab()), await shared(tab)]
    tab.refuses = true
    right(await first.close())
    await ticks(20)
    tab.refuses = false
    right(second.change(Model.set('x', 1)))
    right(await second.flushed())
    expect(second.isLeader()).toBe(true)
    right(await second.close())
  })

  test('that another one took the database from, or a hand, let new ones share it, and write no more', async () => {
    for (const isTaken of [true, false]) {
      const browser = new FakeBrowser()
      const lost = [await shared(browser.tab()), await shared(browser.tab())]
      right(lost[1]!.change(Model.set('x', 1)))
      right(await lost[1]!.flushed())
      if (isTaken) {
        const taker = right(await open(browser.tab().host, 'notes', sb, 'me', { takeOver: true }))
        right(await taker.close())
      } else browser.indexedDB.deleteDatabase('notes')
      await ticks(20)
      const next = await shared(browser.tab())
      await next.leading
      expect([next.getReplica().id, toJSON(next)]).toEqual(['me', isTaken ? { x: 1 } : {}])
      for (const one of lost) {
        right(await one.flushed())
        right(one.change(Model.set('y', 2)))
        expect([one.isLeader(), await one.flushed()]).toEqual([
          false,
          { _tag: 'Left', left: { _tag: 'Locked', name: 'notes' } },
        ])
      }
      right(await next.close())
    }
  })

  test('of an older program keep what they cannot read, and write on beside it', async () => {
    const browser = new FakeBrowser()
    const first = right(
      await open(browser.tab().host, 'notes', scuttlebutt(Model.of(t.string)), 'me', { tabs: 'share' }),
    )
    const second = await shared(browser.tab())
    right(second.change(Model.set('new', 1)))
    right(await second.flushed())
    await eventually(() => first.unread().length > 0)
    right(first.change(Model.set('old', 'text')))
    right(await first.close())
    await eventually(() => second.unread().length > 0)
    right(await second.close())
    const again = await onDisk(browser)
    expect(toJSON(again)).toEqual({ new: 1 })
    expect(again.unread().map(([change]) => change)).toEqual([['old', 'text']])
    right(await again.close())
  })

  test('say so if a newer program wrote what theirs must not keep', async () => {
    const browser = new FakeBrowser()
    const old = scuttlebutt({ ...Model.of(t.string), final: () => true })
    const first = right(await open(browser.tab().host, 'notes', old, 'me', { tabs: 'share' }))
    const second = await shared(browser.tab())
    right(second.change(Model.set('new', 1)))
    right(await second.flushed())
    right(first.change(Model.set('old', 'text')))
    expect(await first.flushed()).toMatchObject({ left: { _tag: 'Rejected', rejection: { _tag: 'InvalidChange' } } })
    expect(old.history()(first.getReplica())).toHaveLength(1)
    right(await second.close())
  })

  test('write all anew into a database that somebody emptied, whichever of them is next', async () => {
    for (const next of [0, 1]) {
      const browser = new FakeBrowser()
      const stores = [await shared(browser.tab()), await shared(browser.tab())]
      right(stores[0]!.change(Model.set('x', 1)))
      right(await stores[0]!.flushed())
      await eventually(() => Model.has('x')(stores[1]!.getReplica().state))
      const request = browser.indexedDB.open('notes')
      await new Promise((resolve) => (request.onsuccess = resolve))
      const transaction = request.result.transaction('scuttlebutt', 'readwrite')
      transaction.objectStore('scuttlebutt').clear()
      await new Promise((resolve) => (transaction.oncomplete = resolve))
      request.result.close()
      right(stores[next]!.change(Model.set('y', 2)))
      right(await stores[next]!.flushed())
      right(stores[1 - next]!.change(Model.set('z', 3)))
      right(await stores[1 - next]!.flushed())
      for (const one of stores) right(await one.close())
      const again = await onDisk(browser)
      expect(toJSON(again)).toEqual({ x: 1, y: 2, z: 3 })
      right(await again.close())
    }
  })

  test('are told if the page gives no locks', async () => {
    const { host } = new FakeBrowser().tab()
    const locks: WebLocks = {
      request: (name, how, held) =>
        name.includes(' tab ')
          ? Promise.reject(new DOMException('hidden'))
          : host.navigator!.locks!.request(name, how, held),
    }
    const opened = await open({ ...host, navigator: { locks } }, 'notes', sb, 'me', { tabs: 'share' })
    expect(opened).toMatchObject({ left: { _tag: 'IndexedDb', operation: 'open', code: 'InvalidStateError' } })
  })

  test('leave their number to the next one if the database does not open', async () => {
    const browser = new FakeBrowser()
    const tab = browser.tab()
    const first = await shared(browser.tab())
    tab.refuses = true
    expect(await open(tab.host, 'notes', sb, 'me', { tabs: 'share' })).toMatchObject({ left: { _tag: 'IndexedDb' } })
    const second = await shared(browser.tab())
    expect(second.getReplica().id).toBe('me+1')
    for (const one of [second, first]) right(await one.close())
  })

  test('keep all that was acknowledged, and use no stamp twice, through crashes and closings', async () => {
    const who = fc.nat(4)
    const step = fc.oneof(
      { weight: 2, arbitrary: fc.tuple(fc.constant('open' as const), who) },
      { weight: 8, arbitrary: fc.tuple(fc.constant('write' as const), who) },
      { weight: 4, arbitrary: fc.tuple(fc.constant('flush' as const), who) },
      { weight: 2, arbitrary: fc.tuple(fc.constant('talk' as const), who) },
      fc.tuple(fc.constant('close' as const), who),
      fc.tuple(fc.constant('crash' as const), who),
      { weight: 4, arbitrary: fc.tuple(fc.constant('wait' as const), fc.nat(30)) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), fc.boolean(), async (steps, isFrozen) => {
        const browser = new FakeBrowser()
        const tabs = new Map<number, { readonly tab: FakeTab; readonly store: Promise<Store | undefined> }>()
        const acknowledged = new Set<string>()
        const contents = new Map<string, string>()
        let [count, most] = [0, 0]
        /** No two contents under one stamp are seen outside of the tab that made them. */
        const see = (updates: ReadonlyArray<Update<Model.Change<number>>>, id: string): void => {
          for (const [change, timestamp, source] of updates) {
            if (source === id) continue
            const stamp = `${source} ${String(timestamp)}`
            expect(contents.get(stamp) ?? JSON.stringify(change)).toBe(JSON.stringify(change))
            contents.set(stamp, JSON.stringify(change))
          }
        }
        const opened = async (tab: FakeTab): Promise<Store | undefined> => {
          const made = await open(tab.host, 'notes', sb, 'me', { tabs: 'share', ...(isFrozen && { now: () => 1000 }) })
          if (made._tag === 'Left') return undefined
          const { id } = made.right.getReplica()
          made.right.subscribe((updates) => {
            see(updates, id)
          })
          return made.right
        }
        const flushing: Promise<unknown>[] = []
        const server = createStore(sb, 'server', { now: () => 1000 })
        right(server.change(Model.set('of the server', 0)))
        for (const [kind, n] of steps) {
          if (kind === 'wait') await ticks(n)
          const one = tabs.get(n)
          if (kind === 'open' && one === undefined) {
            const tab = browser.tab()
            tabs.set(n, { tab, store: opened(tab) })
            most = Math.max(most, tabs.size)
          }
          if (one === undefined || kind === 'open' || kind === 'wait') continue
          if (kind === 'crash') {
            one.tab.crash()
            tabs.delete(n)
            continue
          }
          const store = await one.store
          if (store === undefined) continue
          const { id } = store.getReplica()
          const held = Model.keys(store.getReplica().state)
          if (kind === 'write') right(store.change(Model.set(`k${String(count++)}`, n)))
          else if (kind === 'talk') {
            // as the README asks: the leader alone, of what is saved
            if (store.isLeader() && (await store.flushed())._tag === 'Right' && store.isLeader()) talk(store, server)
          } else {
            const saving = (kind === 'flush' ? store.flushed() : store.close()).then((outcome) => {
              if (outcome._tag === 'Left') return
              for (const key of held) acknowledged.add(key)
            })
            if (kind === 'close') {
              await saving
              tabs.delete(n)
              see(sb.history()(store.getReplica()), `not ${id}`)
            } else flushing.push(saving)
          }
        }
        const living: Store[] = []
        for (const { store } of tabs.values()) {
          const one = await store
          if (one) living.push(one)
        }
        // by two rounds each has what all others have
        for (const store of [...living, ...living]) right(await store.flushed())
        for (const store of living) {
          expect(toJSON(store)).toEqual(toJSON(living[0]!))
          expect(sb.history()(store.getReplica())).toEqual(sb.history()(living[0]!.getReplica()))
        }
        // the browser is killed
        for (const { tab } of tabs.values()) tab.crash()
        await ticks(5)
        const saved = await onDisk(browser)
        const keys = new Set(Model.keys(saved.getReplica().state))
        expect([...acknowledged].filter((key) => !keys.has(key))).toEqual([])
        see(sb.history()(saved.getReplica()), '')
        if (living[0]) expect(toJSON(saved)).toEqual(toJSON(living[0]))
        talk(saved, server)
        expect(sb.history()(saved.getReplica())).toEqual(sb.history()(server.getReplica()))
        expect(Object.keys(sb.digest(saved.getReplica()).clock).length).toBeLessThanOrEqual(most + 1)
        right(await saved.close())
      }),
      { numRuns: overWire(30) },
    )
  })

  test('are never surer than what came to them, and keep both contents of a stamp, whoever hears what', async () => {
    const events = scuttlebutt(Events.of(t.number))
    const step = fc.tuple(
      fc.constantFrom('write', 'push', 'fork', 'flush', 'flush'),
      fc.nat(2),
      fc.nat(5),
      fc.integer({ min: 1, max: 3 }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }), async (steps) => {
        const browser = new FakeBrowser()
        const opened = async () => right(await open(browser.tab().host, 'x', events, 'me', { tabs: 'share' }))
        const tabs = [await opened(), await opened(), await opened()]
        const all = (store: Pick<(typeof tabs)[0], 'getReplica'>) => events.history()(store.getReplica())
        const versions = [events.create('zed')]
        const forked = new Map<number, Update<Events.Change<number>>>()
        for (const [kind, i, at, count] of steps) {
          const newest = versions.at(-1)!
          if (kind === 'write') versions.push(right(events.change(Events.emit('e', at), versions.length)(newest))[1])
          else if (kind === 'push') {
            // some updates without those before them
            const to = Math.min(versions.length - 1, at + count)
            tabs[i]!.reconcile(events.push(versions[Math.min(at, to)]!)(versions[to]!))
          } else if (kind === 'fork' && at > 0 && at < versions.length) {
            // who hears the lie alone does not ask for the other one: digests hold stamps
            if (!all(tabs[i]!).some(([, timestamp, source]) => source === 'zed' && timestamp === at)) continue
            const lie: Update<Events.Change<number>> = forked.get(at) ?? [['lie', count], at, 'zed']
            forked.set(at, lie)
            tabs[i]!.reconcile({ digest: { id: 'liar', clock: {} }, updates: [lie] })
          } else if (kind === 'flush') right(await tabs[i]!.flushed())
        }
        const zed = createStore(events, 'zed', { replica: versions.at(-1)! })
        talk(tabs[0]!, zed)
        for (const tab of [...tabs, ...tabs]) right(await tab.flushed())
        const made = all({ getReplica: () => versions.at(-1)! })
        for (const tab of tabs) {
          for (const update of made) expect(all(tab)).toContainEqual(update)
          expect(all(tab)).toEqual(all(tabs[0]!))
        }
        for (const tab of tabs) right(await tab.close())
        const again = right(await open(browser.tab().host, 'x', events, 'me', {}))
        expect(all(again)).toEqual(all(tabs[0]!))
      }),
      { numRuns: overWire(30) },
    )
  })

  test('meet again when letters between them are lost', async () => {
    const browser = new FakeBrowser()
    let seed = 1
    browser.random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647
    const [first, second] = [await shared(browser.tab()), await shared(browser.tab())]
    browser.lost = 0.3
    for (let i = 0; i < 20; i++) {
      right(first.change(Model.set(`a${String(i)}`, i)))
      right(second.change(Model.set(`b${String(i)}`, i)))
      await ticks(5)
    }
    browser.lost = 0
    right(await second.flushed())
    right(first.change(Model.set('last', 1)))
    right(await first.flushed())
    await eventually(() => Model.size(second.getReplica().state) === 41)
    expect(Model.size(first.getReplica().state)).toBe(41)
    right(await first.close())
    right(await second.close())
  })
})
