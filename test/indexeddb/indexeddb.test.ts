/** One tab and its database. */
import { IDBFactory, IDBObjectStore } from 'fake-indexeddb'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test, vi } from 'vitest'
import { openIndexedDb, showIndexedDbError } from '../../src/adapters/indexeddb.js'
import type { IndexedDbStore } from '../../src/adapters/indexeddb/IndexedDbStore.js'
import { open, type IndexedDbOptions } from '../../src/adapters/indexeddb/open.js'
import { Doc, Model, scuttlebutt } from '../../src/index.js'
import { right } from '../right.js'
import { inNetworks } from '../runs.js'
import { table } from '../table.js'
import { FakeBrowser, type FakeTab } from './FakeBrowser.js'

const sb = scuttlebutt(Model.of(t.unknown))

type State = Model.State<unknown>
type Change = Model.Change<unknown>

const opened = async (
  browser: FakeBrowser,
  options: IndexedDbOptions<State, Change> = {},
  id = 'me',
): Promise<IndexedDbStore<State, Change>> => right(await open(browser.tab().host, 'notes', sb, id, options))

describe('A store in IndexedDB', () => {
  test.each(table.map((entry) => [entry.dataType.name, entry] as const))(
    'keeps a replica of %s with its forks and its clock',
    async (_, { dataType, change, toJSON }) => {
      const of = scuttlebutt(dataType)
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(change, fc.boolean()), { minLength: 1, maxLength: 20 }),
          async (commands) => {
            const browser = new FakeBrowser()
            const store = right(await open(browser.tab().host, 'x', of, 'me', {}))
            for (const [command, isFlushed] of commands) {
              store.change(command)
              if (isFlushed) right(await store.flushed())
            }
            const held = of.history()(store.getReplica())
            store.apply(held.map(([, timestamp, source], i) => [held[(i + 1) % held.length]![0], timestamp, source]))
            right(await store.close())
            const again = right(await open(browser.tab().host, 'x', of, 'me', {}))
            expect(JSON.stringify(toJSON(again.getReplica().state))).toEqual(
              JSON.stringify(toJSON(store.getReplica().state)),
            )
            expect(of.history()(again.getReplica())).toEqual(of.history()(store.getReplica()))
            expect(of.digest(again.getReplica())).toEqual(of.digest(store.getReplica()))
            right(await again.close())
          },
        ),
        { numRuns: inNetworks(2, table.length * 10) },
      )
    },
  )

  test('opens by the page itself, and says so where the page has no locks', async () => {
    vi.stubGlobal('indexedDB', new IDBFactory())
    const bare = await openIndexedDb('notes', sb, 'me')()
    expect(bare).toEqual({ _tag: 'Left', left: { _tag: 'NoLocks', name: 'notes' } })
    expect(bare._tag === 'Left' && showIndexedDbError(bare.left)).toBe('NoLocks: notes')
    const store = right(await openIndexedDb('notes', sb, 'me', { tabs: 'unlocked' })())
    store.change(Model.set('x', 1))
    right(await store.close())
    const [first, second] = [
      right(await openIndexedDb('notes', sb, 'me', { tabs: 'unlocked' })()),
      right(await openIndexedDb('notes', sb, 'me', { tabs: 'unlocked' })()),
    ]
    first.change(Model.set('y', 2))
    right(await first.flushed())
    second.change(Model.set('z', 3))
    expect(await second.flushed()).toMatchObject({ left: { _tag: 'Locked' } })
    right(await first.close())
    vi.unstubAllGlobals()
  })

  test('is open in one tab, unless another one takes it over', async () => {
    const browser = new FakeBrowser()
    const store = await opened(browser)
    for (const options of [{}, { tabs: 'share' }] as const) {
      expect(await open(browser.tab().host, 'notes', sb, 'me', options)).toMatchObject({ left: { _tag: 'Locked' } })
    }
    const taker = await opened(browser, { takeOver: true })
    store.change(Model.set('x', 1))
    expect(await store.flushed()).toMatchObject({ left: { _tag: 'Locked' } })
    taker.change(Model.set('y', 1))
    right(await taker.close())
    const shared = await opened(browser, { tabs: 'share' })
    expect(Model.toJSON(shared.getReplica().state)).toEqual({ y: 1 })
    const follower = await opened(browser, { tabs: 'share' })
    expect(await open(browser.tab().host, 'notes', sb, 'me', {})).toMatchObject({ left: { _tag: 'Locked' } })
    const last = await opened(browser, { takeOver: true })
    for (const one of [shared, follower]) {
      one.change(Model.set('z', 1))
      expect(await one.flushed()).toMatchObject({ left: { _tag: 'Locked' } })
    }
    right(await last.close())
  })

  test('refuses another id and another data type, unless it adopts them', async () => {
    const browser = new FakeBrowser()
    const store = await opened(browser)
    store.change(Model.set('x', 1))
    right(await store.close())
    const doc = await open(browser.tab().host, 'notes', scuttlebutt(Doc.of(t.string)), 'me', {})
    expect(doc).toMatchObject({ left: { _tag: 'OtherType', name: 'Model' } })
    expect(await open(browser.tab().host, 'notes', sb, 'ann', {})).toMatchObject({
      left: { _tag: 'OtherId', id: 'me' },
    })
    const adopted = await opened(browser, { adopt: true }, 'ann')
    right(await adopted.close())
    const again = await opened(browser, {}, 'ann')
    expect(Model.toJSON(again.getReplica().state)).toEqual({ x: 1 })
    right(await again.close())
    expect(await again.flushed()).toMatchObject({ _tag: 'Right' })
    again.change(Model.set('y', 1))
    expect(await again.flushed()).toMatchObject({ left: { _tag: 'Closed' } })
  })

  test('ends if somebody deletes the database: another tab may open it, and only what was not saved is an error', async () => {
    for (const tabs of ['alone', 'share'] as const) {
      const browser = new FakeBrowser()
      const openIn = async (tab: FakeTab) => right(await open(tab.host, 'notes', sb, 'me', { tabs }))
      const [saved, unsaved] = [await openIn(browser.tab()), tabs === 'share' ? await openIn(browser.tab()) : undefined]
      right(saved.change(Model.set('x', 1)))
      right(await saved.flushed())
      if (unsaved) right(await unsaved.flushed())
      browser.indexedDB.deleteDatabase('notes')
      await new Promise((resolve) => setTimeout(resolve, 50))
      const next = await openIn(browser.tab())
      expect(Model.toJSON(next.getReplica().state)).toEqual({})
      right(await saved.flushed())
      right((unsaved ?? saved).change(Model.set('y', 2)))
      expect((await (unsaved ?? saved).flushed())._tag).toBe('Left')
      right(await next.close())
      if (unsaved) right(await saved.close())
    }
  })

  test('says what the database said, keeps the update, and writes it at the next round', async () => {
    const browser = new FakeBrowser()
    const tab = browser.tab()
    const store = right(await open(tab.host, 'notes', sb, 'me', {}))
    tab.refuses = true
    store.change(Model.set('x', 1))
    expect(await store.flushed()).toMatchObject({ left: { _tag: 'IndexedDb', code: 'InvalidStateError' } })
    tab.refuses = false
    right(await store.flushed())
    tab.crash()
    store.change(Model.set('y', 1))
    const failed = await store.flushed()
    expect(failed._tag === 'Left' && showIndexedDbError(failed.left)).toMatch(/^IndexedDb: write, InvalidStateError/)
    const again = await opened(browser)
    expect(Model.toJSON(again.getReplica().state)).toEqual({ x: 1 })
    right(await again.close())
  })

  test.each([1, 2, 3, 4])('writes nothing of a round in which operation %i throws', async (nth) => {
    const browser = new FakeBrowser()
    const tab = browser.tab()
    const store = right(await open(tab.host, 'notes', sb, 'me', {}))
    right(store.change(Model.set('x', 1)))
    right(await store.flushed())
    let count = 0
    const spies = (['put', 'delete'] as const).map((name) => {
      const { [name]: real } = IDBObjectStore.prototype as unknown as Record<
        typeof name,
        (this: unknown, ...given: unknown[]) => IDBRequest
      >
      return vi.spyOn(IDBObjectStore.prototype, name).mockImplementation(function (this: unknown, ...given: unknown[]) {
        if (++count === nth) throw new DOMException('no', 'DataError')
        return real.apply(this, given)
      } as never)
    })
    right(store.changeAll([Model.set('x', 2), Model.set('y', 2)]))
    expect(await store.flushed()).toMatchObject({ left: { _tag: 'IndexedDb', operation: 'write', code: 'DataError' } })
    for (const spy of spies) spy.mockRestore()
    tab.crash()
    const again = await opened(browser)
    expect(Model.toJSON(again.getReplica().state)).toEqual({ x: 1 })
    right(await again.close())
  })

  /** Opens the replica after `value` was put under a key, by hand. */
  const damaged = async (key: IDBValidKey, value: unknown) => {
    const browser = new FakeBrowser()
    const store = await opened(browser)
    right(store.change(Model.set('x', 1)))
    right(await store.close())
    const request = browser.indexedDB.open('notes')
    await new Promise((resolve) => (request.onsuccess = resolve))
    const { result: db } = request
    const transaction = db.transaction('scuttlebutt', 'readwrite')
    transaction.objectStore('scuttlebutt').put({ text: value, batch: 1 }, key)
    await new Promise((resolve) => (transaction.oncomplete = resolve))
    db.close()
    return open(browser.tab().host, 'notes', sb, 'me', {})
  }

  test.each([
    [['s', 'ann'], null],
    [['s', 'ann'], '["ann","soon"]'],
    [['s', 'ann'], '["ann",2,"soon"]'],
    [['d', 'ann'], 'no JSON'],
    [['n', 'ann', 1, 0], {}],
    ['f', new Date(0)],
    ['o', null],
    ['t', '{}'],
  ])('names a damaged entry: %j of %j', async (key, value) => {
    const failed = await damaged(key, value)
    expect(failed._tag === 'Left' && showIndexedDbError(failed.left)).toContain(
      `the entry ${JSON.stringify(key)} is damaged: ${value as string}`,
    )
  })

  test.each([['{'], ['7'], ['[["x",1],1,null]'], [null]])('refuses what is no update: %j', async (value) => {
    expect(await damaged(['u', 'ann', 1, 0], value)).toMatchObject({ left: { _tag: 'Rejected', key: 'u,ann,1,0' } })
  })

  test.each([
    ['ann', 2],
    ['ben', 1],
  ])('refuses an update under the key of another: of %s at %d', async (source, at) => {
    const update = [['x', 1], 1, 'ann']
    const refused = {
      _tag: 'Rejected',
      key: `u,${source},${String(at)},0`,
      rejection: { _tag: 'InvalidUpdate' },
    }
    expect(await damaged(['u', source, at, 0], JSON.stringify(update))).toMatchObject({ left: refused })
  })

  test('passes by what nobody here wrote, and an owner of an odd number does not lock it', async () => {
    for (const [key, value] of [
      [7, 'x'],
      ['yet other', null],
      ['o', '["me","x",1e999]'],
    ] as const) {
      const store = right(await damaged(key, value))
      right(store.change(Model.set('y', 2)))
      right(await store.close())
    }
  })

  test('leads until it closes, or another tab has the database', async () => {
    const browser = new FakeBrowser()
    const [first, second] = [await opened(browser), await opened(browser, { takeOver: true })]
    expect([first.isLeader(), second.isLeader()]).toEqual([false, true])
    right(await second.close())
    expect(second.isLeader()).toBe(false)
    const [leader, follower] = [await opened(browser, { tabs: 'share' }), await opened(browser, { tabs: 'share' })]
    right(await leader.close())
    await follower.leading
    expect([leader.isLeader(), follower.isLeader()]).toEqual([false, true])
    right(await follower.close())
  })
})
