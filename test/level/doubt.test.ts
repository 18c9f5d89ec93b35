/** Databases that keep how sure a replica is, and what it cannot read. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { MemoryLevel } from 'memory-level'
import { expect, test } from 'vitest'
import { openLevel, showLevelError, type LevelStore } from '../../src/adapters/level.js'
import { Model, scuttlebutt, type Message, type Update } from '../../src/index.js'
import { right } from '../right.js'
import { overWire } from '../runs.js'

const sb = scuttlebutt(Model.of(t.unknown))

/** An older program: it reads numbers alone. */
const older = scuttlebutt(Model.of(t.number)) as unknown as typeof sb

type Change = Model.Change<unknown>
type AnyStore = LevelStore<Model.State<unknown>, Change>

const open = async (db: MemoryLevel, of = sb, id = 'me', now = () => 5000): Promise<AnyStore> =>
  right(await openLevel(db, of, id, { name: 'notes', now })())

const keysOf = (db: MemoryLevel): Promise<ReadonlyArray<string>> =>
  db.sublevel('scuttlebutt').sublevel('notes').keys().all()

const read = (store: AnyStore) => Model.toJSON(store.getReplica().state)

const digest = (store: AnyStore) => sb.digest(store.getReplica())

/** A peer without doubt tells all. */
const round = (clock: Record<string, number>, updates: ReadonlyArray<Update<Change>> = []): Message<Change> => ({
  digest: { id: 'peer', clock },
  updates,
  since: { clock: {} },
  complete: true,
})

const message: fc.Arbitrary<Message<Change>> = fc
  .record({
    source: fc.constantFrom('a', 'b'),
    updates: fc.array(fc.tuple(fc.constantFrom('x', 'y'), fc.nat(2), fc.integer({ min: 1, max: 8 })), { maxLength: 4 }),
    claimed: fc.option(fc.integer({ min: 1, max: 8 })),
  })
  .map(({ source, updates, claimed }) => {
    const made = updates.map(([key, value, at]): Update<Change> => [[key, value], at, source])
    return claimed === null ? { digest: { id: 'peer', clock: {} }, updates: made } : round({ [source]: claimed }, made)
  })

test('A level store is as sure, and as much in doubt, when it is opened again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(message, fc.boolean()), { maxLength: 8 }), async (messages) => {
      const db = new MemoryLevel()
      const store = await open(db)
      for (const [message, isFlushed] of messages) {
        store.reconcile(message)
        if (isFlushed) right(await store.flushed())
      }
      right(await store.close())
      const again = await open(db)
      expect(digest(again)).toEqual(digest(store))
      expect(sb.history()(again.getReplica())).toEqual(sb.history()(store.getReplica()))
      expect(JSON.stringify(read(again))).toBe(JSON.stringify(read(store)))
      const entries = await db.sublevel('scuttlebutt').sublevel('notes').iterator().all()
      const doubted = entries.filter(
        ([key, text]) => key.startsWith('s') && (JSON.parse(text) as unknown[]).length === 3,
      )
      expect(doubted.length).toBe(Object.keys(digest(store).doubt ?? {}).length)
      right(await again.close())
    }),
    { numRuns: overWire(60) },
  )
})

test('W1: each round of a level store is sure of what is there by then, and of no more', async () => {
  const db = new MemoryLevel()
  const images: (readonly [ReadonlyArray<readonly [string, string]>, ReturnType<typeof digest>])[] = []
  const store = await open(db)
  const updates = [10, 20, 30].map((at): Update<Change> => [[`k${String(at)}`, at], at, 'ann'])
  for (const message of [
    round({ ann: 10 }, updates.slice(0, 1)),
    { digest: { id: 'peer', clock: {} }, updates: updates.slice(2) },
    round({ ann: 30 }, updates),
  ]) {
    store.reconcile(message)
    right(await store.flushed())
    const entries = await db.iterator({ keyEncoding: 'utf8', valueEncoding: 'utf8' }).all()
    images.push([entries, digest(store)])
  }
  right(await store.close())
  expect(images.map(([, { clock }]) => clock)).toEqual([{ ann: 10 }, { ann: 10 }, { ann: 30 }])
  for (const [entries, expected] of images) {
    const restored = new MemoryLevel()
    await restored.batch(entries.map(([key, value]) => ({ type: 'put' as const, key, value })))
    const again = await open(restored)
    expect(digest(again)).toEqual(expected)
    right(await again.close())
  }
})

test('A level store that is opened on what it had is sure of itself once a peer has told all', async () => {
  const db = new MemoryLevel()
  const store = await open(db)
  right(store.change(Model.set('a', 1)))
  right(await store.close())
  const again = await open(db, sb, 'me', () => 6000)
  right(again.change(Model.set('b', 2)))
  right(await again.close())
  const third = await open(db, sb, 'me', () => 7000)
  expect(digest(third)).toMatchObject({ clock: { me: 5000 }, doubt: { me: [[6000, expect.any(String)]] } })
  // this the backup had forgotten
  third.reconcile({ ...round({ me: 5500 }, [[['lost', 1], 5500, 'me']]), since: { clock: { me: 5000 } } })
  expect([digest(third), read(third)]).toEqual([
    { id: 'me', clock: { me: 6000 } },
    { a: 1, b: 2, lost: 1 },
  ])
  right(await third.close())
})

test('W2: what a level store cannot read survives reopening, and a newer program reads it', async () => {
  const db = new MemoryLevel()
  const unread: ReadonlyArray<Update<Change>> = [
    [['x', 'text'], 1000, 'ann'],
    [['y', [1]], 1001, 'ann'],
  ]
  const store = await open(db, older)
  store.reconcile({ ...round({ ann: 1001 }), unread })
  right(await store.close())
  const again = await open(db, older)
  expect([again.unread(), read(again), digest(again)]).toEqual([unread, {}, { id: 'me', clock: { ann: 1001 } }])
  right(again.change(Model.set('n', 1)))
  right(await again.close())
  const newer = await open(db)
  expect([newer.unread(), read(newer)]).toEqual([[], { x: 'text', y: [1], n: 1 }])
  right(await newer.close())
  expect((await keysOf(db)).filter((key) => key.startsWith('n'))).toEqual([])
  // the older program again: it keeps what it can read no more
  const back = await open(db, older)
  expect([back.unread(), read(back)]).toEqual([unread, { n: 1 }])
  right(await back.close())
  const last = await open(db)
  expect(read(last)).toEqual({ x: 'text', y: [1], n: 1 })
  right(await last.close())
})

test('A replica of 0.1 in a database opens, sure of all that it has seen', async () => {
  const db = new MemoryLevel()
  const store = await open(db)
  store.reconcile(round({ ann: 2000 }, [[['x', 3], 2000, 'ann']]))
  right(store.change(Model.set('y', 2)))
  right(await store.close())
  // 0.1 wrote neither of these
  await db.sublevel('scuttlebutt').sublevel('notes').del('t')
  const again = await open(db)
  expect(digest(again)).toEqual({ id: 'me', clock: { ann: 2000, me: 5000 } })
  expect(read(again)).toEqual({ x: 3, y: 2 })
  right(again.change(Model.set('z', 1)))
  right(await again.close())
  expect(await keysOf(db)).toContain('t')
})

test('A level store refuses a replica of another version, and a reissue stays', async () => {
  const db = new MemoryLevel()
  let now = 90_000
  const store = await open(db, sb, 'phone', () => now)
  right(store.change(Model.set('x', 1)))
  right(await store.flushed())
  now = 1000
  const [update] = store.reissue('phone-2')
  right(await store.close())
  const second = scuttlebutt({ ...Model.of(t.unknown), version: '2' })
  const wrong = await openLevel(db, second, 'phone-2', { name: 'notes' })()
  expect(wrong).toEqual({ _tag: 'Left', left: { _tag: 'OtherType', name: 'Model' } })
  if (wrong._tag === 'Left') expect(showLevelError(wrong.left)).toBe('OtherType: Model')
  const again = await open(db, sb, 'phone-2')
  expect(sb.history()(again.getReplica())).toEqual([update])
  expect(again.getReplica().clock.latest).toBeLessThan(2000)
  right(await again.close())
})
