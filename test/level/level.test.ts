import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { AbstractLevel } from 'abstract-level'
import { BrowserLevel } from 'browser-level'
import { ClassicLevel } from 'classic-level'
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import fc from 'fast-check'
import * as t from 'io-ts'
import { MemoryLevel } from 'memory-level'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { namesIn, openLevel, showLevelError, type Level, type LevelStore } from '../../src/adapters/level.js'
import * as Clock from '../../src/core/Clock.js'
import { Doc, ExpiryModel, Model, scuttlebutt, type Update } from '../../src/index.js'
import { inMemory } from '../runs.js'
import { table } from '../table.js'
import { right } from '../right.js'

const sb = scuttlebutt(Model.of(t.unknown))

let folder = ''
let count = 0

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'scuttlebutt-ts-level-'))
  vi.stubGlobal('indexedDB', new IDBFactory())
  vi.stubGlobal('IDBKeyRange', IDBKeyRange)
})

afterAll(async () => {
  vi.unstubAllGlobals()
  await rm(folder, { recursive: true })
})

type AnyStore = LevelStore<Model.State<unknown>, Model.Change<unknown>>

const opened = async (db: Level, name?: string): Promise<AnyStore> =>
  right(await openLevel(db, sb, 'me', name === undefined ? {} : { name })())

type AnyLevel = MemoryLevel | ClassicLevel | BrowserLevel

/** All entries of a database, as text. */
const contentsOf = async (db: AnyLevel): Promise<ReadonlyMap<string, string>> =>
  new Map(
    await (db as AbstractLevel<unknown, string, string>)
      .iterator<string, string>({ keyEncoding: 'utf8', valueEncoding: 'utf8' })
      .all(),
  )

describe.each([
  ['MemoryLevel', () => new MemoryLevel()],
  ['ClassicLevel', () => new ClassicLevel(path.join(folder, String(count++)))],
  ['BrowserLevel', () => new BrowserLevel(`test ${String(count++)}`)],
] as const)('A %s', (_, make: () => AnyLevel) => {
  test('keeps a replica with its clock, however often it is opened', async () => {
    const db = make()
    let last = sb.create('me')
    for (let life = 0; life < 4; life++) {
      const store = await opened(db)
      expect(store.getReplica()).toEqual(last)
      for (let i = 0; i < 10; i++) store.change(Model.set(`k${String(i % 4)}`, [life, i]))
      store.apply([[['k0', 'late'], 1, `other ${String(life)}`]])
      if (life === 2) right(await store.compact())
      last = store.getReplica()
      right(await store.close())
    }
    await db.close()
  })

  test('goes on when the database is opened again', async () => {
    const db = make()
    const store = await opened(db)
    right(store.change(Model.set('x', 1)))
    right(await store.flushed())
    await db.close()
    right(store.change(Model.set('y', 2)))
    expect(await store.flushed()).toMatchObject({ left: { _tag: 'Level', code: 'LEVEL_DATABASE_NOT_OPEN' } })
    await db.open()
    // in memory all is gone, and is written anew
    right(await store.flushed())
    right(await store.close())
    expect((await opened(db)).getReplica()).toEqual(store.getReplica())
    await db.close()
  })

  test('says what is damaged', async () => {
    const db = make()
    right(await (await opened(db)).close())
    for (const [key, value] of (await contentsOf(db)).entries()) {
      const found = await openLevel(db, sb, 'me')()
      if (found._tag === 'Right') right(await found.right.close())
      for (const text of ['{}', '[7]', 'null', '{']) {
        await (db as AbstractLevel<unknown, string, string>).put(key, text)
        const damaged = await openLevel(db, sb, 'me')()
        if (damaged._tag === 'Right') right(await damaged.right.close())
        else expect(showLevelError(damaged.left)).toMatch(/^(Level|Rejected): /)
      }
      await (db as AbstractLevel<unknown, string, string>).put(key, value)
    }
    await db.close()
  })

  test('holds the updates that are not superseded, and no others', async () => {
    const db = make()
    const store = await opened(db)
    for (let i = 0; i < 100; i++) {
      store.change(Model.set(`k${String(i % 3)}`, i))
      if (i % 7 === 0) right(await store.flushed())
    }
    right(await store.flushed())
    const keys = [...(await contentsOf(db)).keys()]
    expect(keys.filter((key) => key.includes('!ume!'))).toHaveLength(3)
    // and the newest stamp, the data type, and who wrote
    expect(keys).toHaveLength(6)
    right(await store.close())
    await db.close()
  })

  test('keeps replicas of any names and ids apart', async () => {
    const db = make()
    const names = ['a', 'A', 'a!', '', '\ud800', '__proto__', 'b"', 'é', 'a!b']
    for (const name of names) {
      const store = await opened(db, name)
      store.apply(names.map((source, i): Update<Model.Change<unknown>> => [[source, [name, i]], i + 0.5, source]))
      right(await store.close())
    }
    expect(right(await namesIn(db)())).toEqual([...names].sort())
    for (const name of names) {
      const store = await opened(db, name)
      expect(Model.entries(store.getReplica().state)).toHaveLength(names.length)
      expect(Model.get('é')(store.getReplica().state)).toMatchObject({ value: [name, 7] })
      right(await store.close())
    }
    await db.close()
  })
})

describe('A level store', () => {
  test.each(table.map((entry) => [entry.dataType.name, entry] as const))(
    'keeps a replica of %s with its forks',
    async (_, { dataType, change, toJSON }) => {
      const of = scuttlebutt(dataType)
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(change, fc.boolean()), { minLength: 1, maxLength: 30 }),
          async (commands) => {
            const db = new MemoryLevel()
            const store = right(await openLevel(db, of, 'me')())
            for (const [command, isFlushed] of commands) {
              store.change(command)
              if (isFlushed) right(await store.flushed())
            }
            const held = of.history()(store.getReplica())
            // other contents under the same stamps, and the same under other sources
            store.apply(held.map(([, timestamp, source], i) => [held[(i + 1) % held.length]![0], timestamp, source]))
            store.apply(held.map(([made, timestamp]) => [made, timestamp, 'other']))
            right(await store.close())
            const again = right(await openLevel(db, of, 'me')())
            expect(JSON.stringify(toJSON(again.getReplica().state))).toEqual(
              JSON.stringify(toJSON(store.getReplica().state)),
            )
            expect(of.history()(again.getReplica())).toEqual(of.history()(store.getReplica()))
            expect(of.digest(again.getReplica())).toEqual(of.digest(store.getReplica()))
          },
        ),
        { numRuns: inMemory(20, table.length) },
      )
    },
  )

  test('writes each round as one atomic batch', async () => {
    const db = new MemoryLevel()
    const store = await opened(db)
    const batches: number[] = []
    db.on('write', (operations: ReadonlyArray<unknown>) => batches.push(operations.length))
    store.apply(
      Array.from({ length: 100 }, (_, i): Update<Model.Change<unknown>> => [[`k${String(i)}`, i], i + 1, 'other']),
    )
    right(await store.flushed())
    // the updates, the clock, and who wrote; the data type is there since the opening
    expect(batches).toEqual([102])
    store.apply([[['k0', 'new'], 1000, 'other']])
    right(await store.flushed())
    // puts the new update, removes the old one, and puts the clock and who wrote
    expect(batches).toEqual([102, 4])
    right(await store.flushed())
    expect(batches).toHaveLength(2)
    right(await store.close())
  })

  test('S4: reports a failing database, acknowledges nothing then, and tries again', async () => {
    const db = new MemoryLevel()
    const store = await opened(db)
    let failing = true
    db.hooks.prewrite.add(() => {
      if (failing) throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
    })
    store.change(Model.set('k', 1))
    const failed = await store.flushed()
    expect(failed).toMatchObject({ left: { _tag: 'Level', operation: 'write' } })
    if (failed._tag === 'Left') expect(showLevelError(failed.left)).toMatch(/^Level: write, /)
    expect(await store.close()).toMatchObject({ left: { _tag: 'Level' } })
    store.change(Model.set('k', 2))
    failing = false
    right(await store.close())
    const again = await opened(db)
    expect(again.getReplica()).toEqual(store.getReplica())
    right(await again.close())
    store.change(Model.set('k', 3))
    expect(await store.flushed()).toEqual({ _tag: 'Left', left: { _tag: 'Closed', name: 'me' } })
  })

  test('S1: opens as it was after the last round that reached the database', async () => {
    const db = new MemoryLevel()
    const store = await opened(db)
    const rounds: Model.State<unknown>[] = []
    const images: ReadonlyMap<string, string>[] = []
    for (let i = 0; i < 30; i++) {
      store.change(Model.set(`k${String(i % 4)}`, i))
      if (i % 3 === 0) store.apply([[[`k${String(i % 5)}`, 'theirs'], i * 1e11, 'other']])
      right(await store.flushed())
      rounds.push(store.getReplica().state)
      images.push(await contentsOf(db))
    }
    for (const [i, image] of images.entries()) {
      const restored = new MemoryLevel()
      await restored.batch([...image].map(([key, value]) => ({ type: 'put' as const, key, value })))
      const again = await opened(restored)
      expect(Model.getEq().equals(again.getReplica().state, rounds[i]!)).toBe(true)
    }
  })

  test('S5: has one writer per replica', async () => {
    const db = new MemoryLevel()
    const store = await opened(db)
    expect(await openLevel(db, sb, 'me')()).toEqual({ _tag: 'Left', left: { _tag: 'Locked', name: 'me' } })
    const other = await opened(db, 'other')
    right(await store.close())
    right(await other.close())
    right(await (await opened(db)).close())
    // LevelDB itself refuses a second process
    const location = path.join(folder, 'locked')
    const first = new ClassicLevel(location)
    right(await (await opened(first)).close())
    const second = new ClassicLevel(location) // it opens itself
    expect(await openLevel(second, sb, 'me')()).toEqual({ _tag: 'Left', left: { _tag: 'Locked', name: 'me' } })
    await first.close()
    right(await (await opened(second)).close())
    await second.close()
  })

  test('refuses a replica of another data type, also one of 0.1, and names the key', async () => {
    const db = new MemoryLevel()
    const store = await opened(db)
    store.change(Model.set('k', 1))
    right(await store.close())
    const wrong = await openLevel(db, scuttlebutt(Doc.of(t.unknown)), 'me')()
    expect(wrong).toEqual({ _tag: 'Left', left: { _tag: 'OtherType', name: 'Model' } })
    right(await (await opened(db)).close())
    // 0.1 did not say what it is
    const root = db.sublevel('scuttlebutt').sublevel('me')
    await root.del('t')
    const old = await openLevel(db, scuttlebutt(Doc.of(t.unknown)), 'me')()
    expect(old).toMatchObject({ left: { _tag: 'Rejected', rejection: { _tag: 'InvalidChange' } } })
    if (old._tag === 'Left') expect(showLevelError(old.left)).toMatch(/^Rejected: ume!/)
    const again = await opened(db)
    expect(Model.toJSON(again.getReplica().state)).toEqual({ k: 1 })
    right(await again.close())
  })

  test('keeps the floor of the clock, and removes the sources below it', async () => {
    const db = new MemoryLevel()
    const expiry = scuttlebutt(ExpiryModel.of(t.unknown, { maxAge: 1000 }))
    const options = { now: () => 20_000 }
    const store = right(await openLevel(db, expiry, 'me', options)())
    store.apply([[['k', 1], 5000, 'other']])
    right(await store.flushed())
    store.prune()
    right(await store.close())
    const again = right(await openLevel(db, expiry, 'me', options)())
    expect(again.getReplica().log).toEqual(store.getReplica().log)
    expect(again.getReplica().clock).toEqual(store.getReplica().clock)
    // a floor above all that was seen would make it deaf
    expect([again.getReplica().clock.floor, Clock.size(again.getReplica().clock)]).toEqual([5000, 0])
    right(await again.close())
  })

  test('keeps all contents of a stamp, also where it reads one in another piece than the first', async () => {
    const db = new MemoryLevel()
    const store = await opened(db)
    for (const content of ['a', 'b']) {
      store.apply(
        Array.from({ length: 2100 }, (_, i): Update<Model.Change<unknown>> => [[String(i), content], i + 1, 'ann']),
      )
    }
    const held = sb.history()(store.getReplica())
    expect(held.length).toBe(4200)
    right(await store.close())
    const again = await opened(db)
    expect(sb.history()(again.getReplica())).toEqual(held)
    right(await again.close())
  })

  test('reports progress as it reads', async () => {
    const db = new MemoryLevel()
    const store = await opened(db)
    for (let i = 0; i < 20_000; i++) store.change(Model.set(`k${String(i)}`, i))
    right(await store.close())
    const seen: number[] = []
    const again = right(await openLevel(db, sb, 'me', { progress: ({ updates }) => seen.push(updates) })())
    expect(seen.at(-1)).toBe(20_000)
    for (const [i, updates] of seen.entries()) expect(updates - (seen[i - 1] ?? 0)).toBeLessThanOrEqual(4096)
    right(await again.close())
  })
})
