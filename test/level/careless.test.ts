/** Other writers and careless hands at a database: nothing that was acknowledged is lost. */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { BrowserLevel } from 'browser-level'
import { ClassicLevel } from 'classic-level'
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import fc from 'fast-check'
import * as t from 'io-ts'
import { MemoryLevel } from 'memory-level'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  namesIn,
  openLevel,
  showLevelError,
  type Level,
  type LevelOptions,
  type WebLocks,
} from '../../src/adapters/level.js'
import { AppendOnly, Events, Model, scuttlebutt } from '../../src/index.js'
import { right } from '../right.js'
import { inMemory } from '../runs.js'

const sb = scuttlebutt(Model.of(t.unknown))

type Options = LevelOptions<Model.State<unknown>, Model.Change<unknown>>

const open = (db: Level, options: Options = {}, id = 'me') => openLevel(db, sb, id, options)()

const opened = async (db: Level, options: Options = {}, id = 'me') => right(await open(db, options, id))

const read = (store: Awaited<ReturnType<typeof opened>>) => Model.toJSON(store.getReplica().state)

const locked = { _tag: 'Left', left: { _tag: 'Locked', name: 'me' } }

/** The locks of a browser, as the Web Locks API says: exclusive ones alone. */
const browserLocks = (): WebLocks & { readonly held: ReadonlyMap<string, unknown> } => {
  const held = new Map<string, { readonly reject: (error: Error) => void }>()
  return {
    held,
    request: (name, options, act) => {
      const holder = held.get(name)
      if (holder !== undefined && !('steal' in options)) return Promise.resolve(act(null))
      holder?.reject(Object.assign(new Error('stolen'), { name: 'AbortError' }))
      return new Promise((resolve, reject) => {
        const own = { reject }
        held.set(name, own)
        const free = (): void => {
          if (held.get(name) === own) held.delete(name)
          resolve(undefined)
        }
        void act({ name })?.then(free)
      })
    },
  }
}

let scratch = ''
let count = 0

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'scuttlebutt-ts-level-careless-'))
  vi.stubGlobal('indexedDB', new IDBFactory())
  vi.stubGlobal('IDBKeyRange', IDBKeyRange)
})

afterAll(async () => {
  vi.unstubAllGlobals()
  await rm(scratch, { recursive: true })
})

describe('A replica in a database', () => {
  test('that is taken over is written by its old writer no more', async () => {
    const db = new MemoryLevel()
    const first = await opened(db)
    right(first.change(Model.set('x', 1)))
    right(await first.flushed())
    const second = await opened(db, { takeOver: true })
    // before the second has written anything
    right(first.change(Model.set('x', 0)))
    expect(await first.flushed()).toEqual(locked)
    right(second.change(Model.set('y', 2)))
    right(await second.flushed())
    right(first.change(Model.set('x', 3)))
    expect([await first.flushed(), await first.close()]).toEqual([locked, locked])
    // closing what one has lost frees nothing
    expect(await open(db)).toEqual(locked)
    right(await second.close())
    const last = await opened(db)
    expect(read(last)).toEqual({ x: 1, y: 2 })
    right(await last.close())
  })

  test('whose batch is under way is taken over only after it: what is acknowledged, or saved, is never missed', async () => {
    for (let turns = 0; turns < 12; turns++) {
      const memory = new MemoryLevel()
      const db: Level = {
        open: () => memory.open(),
        sublevel: (name) => {
          const sublevel = memory.sublevel(name)
          const batch = sublevel.batch.bind(sublevel) as (...given: unknown[]) => Promise<void>
          const slow = async (...given: unknown[]): Promise<void> => {
            await new Promise((resolve) => setTimeout(resolve, 2))
            await batch(...given)
          }
          return Object.assign(sublevel, { batch: slow })
        },
      }
      const first = await opened(db)
      right(first.change(Model.set('x', 1)))
      right(await first.flushed())
      right(first.change(Model.set('late', 1)))
      const late = first.flushed()
      for (let i = 0; i < turns; i++) await Promise.resolve()
      const second = await opened(db, { takeOver: true })
      const outcome = await late
      if (outcome._tag === 'Right') expect(read(second)).toMatchObject({ late: 1 })
      right(second.change(Model.set('y', 2)))
      right(await second.flushed())
      const live = read(second)
      right(await second.close())
      const last = await opened(db)
      expect([turns, read(last)]).toEqual([turns, live])
      right(await last.close())
    }
  })

  test('has one writer among the tabs of a browser, and a tab that is gone holds nothing', async () => {
    const locks = browserLocks()
    const name = `tabs ${String(count++)}`
    const [here, there] = [new BrowserLevel(name), new BrowserLevel(name)]
    const store = await opened(here, { locks })
    right(store.change(Model.set('x', 1)))
    right(await store.flushed())
    expect(await open(there, { locks })).toEqual(locked)
    right(await (await opened(there, { locks, name: 'another' })).close())
    // another tab takes over
    const other = await opened(there, { locks, takeOver: true })
    right(other.change(Model.set('y', 2)))
    right(await other.flushed())
    right(store.change(Model.set('x', 3)))
    expect(await store.flushed()).toEqual(locked)
    right(await other.close())
    expect(locks.held.size).toBe(0)
    const last = await opened(there, { locks })
    expect(read(last)).toEqual({ x: 1, y: 2 })
    right(await last.close())
    await here.close()
    await there.close()
    const failing: WebLocks = { request: () => Promise.reject(new Error('not allowed here')) }
    expect(await open(new BrowserLevel(name), { locks: failing })).toEqual(locked)
  })

  test('is never a mixture of two that know nothing of each other: the first to write, once both are open, stays', async () => {
    const who = fc.nat(1)
    await fc.assert(
      fc.asyncProperty(fc.nat(3), fc.array(who, { minLength: 1, maxLength: 12 }), async (alone, steps) => {
        // two objects on one database, as of two tabs without locks, which make the same stamps
        const name = `unknown ${String(count++)}`
        const dbs = [new BrowserLevel(name), new BrowserLevel(name)]
        const now = () => 1000
        const here = await opened(dbs[0]!, { now })
        for (let i = 0; i < alone; i++) {
          right(here.change(Model.set(`alone${String(i)}`, i)))
          right(await here.flushed())
        }
        const stores = [here, await opened(dbs[1]!, { now })]
        const [first] = steps
        for (const [i, who] of steps.entries()) {
          right(stores[who]!.change(Model.set(`k${String(i)}`, who)))
          const flushed = await stores[who]!.flushed()
          if (who === first) right(flushed)
          else expect(flushed).toEqual(locked)
        }
        right(await stores[first!]!.close())
        await Promise.all(dbs.map((db) => db.close()))
        const last = new BrowserLevel(name)
        expect(read(await opened(last))).toEqual(read(stores[first!]!))
        await last.close()
      }),
      { numRuns: inMemory(50, 5) },
    )
  })

  test('that somebody emptied is written anew, whole, at the next flush; another in its place is not overwritten', async () => {
    const step = fc.constantFrom('write', 'flush', 'empty', 'replace')
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const db = new MemoryLevel()
        const entries = db.sublevel(['scuttlebutt', 'me'])
        const store = await opened(db)
        right(store.change(Model.set('first', 0)))
        right(await store.flushed())
        let isReplaced = false
        for (const [i, step] of steps.entries()) {
          // no round runs in the background while hands are at work
          if (step === 'empty' || step === 'replace') await store.flushed()
          if (step === 'write') right(store.change(Model.set(`k${String(i)}`, i)))
          else if (step === 'empty') {
            await entries.clear()
            isReplaced = false
          } else if (step === 'replace') {
            await entries.clear()
            await entries.batch([
              { type: 'put', key: 't', value: '["Model"]' },
              { type: 'put', key: 'o', value: '["me","another"]' },
            ])
            isReplaced = true
          } else if (isReplaced) {
            const before = await entries.iterator().all()
            const flushed = await store.flushed()
            // all that was acknowledged is with who wrote last
            if (flushed._tag === 'Left') expect(flushed).toEqual(locked)
            expect(await entries.iterator().all()).toEqual(before)
          } else right(await store.flushed())
        }
        if (isReplaced) return
        right(await store.close())
        const again = await opened(db)
        expect(read(again)).toEqual(read(store))
        expect(sb.digest(again.getReplica())).toEqual(sb.digest(store.getReplica()))
        right(await again.close())
      }),
      { numRuns: inMemory(200, 5) },
    )
  })

  test('in a sublevel has one writer too: each call of `sublevel` gives another object', async () => {
    const db = new MemoryLevel()
    const docs = () => db.sublevel('docs') as unknown as Level
    const store = await opened(docs())
    expect(await open(docs())).toMatchObject(locked)
    const beside = await opened(db.sublevel('others'))
    const taking = await opened(docs(), { takeOver: true })
    right(store.change(Model.set('late', 1)))
    expect(await store.flushed()).toMatchObject(locked)
    for (const one of [beside, taking]) right(await one.close())
  })

  test.each([
    ['sann!', '12'],
    ['sann!', '["ann","soon"]'],
    ['dann!', 'no JSON'],
    ['f', '{}'],
    ['o', '[1]'],
    ['t', '{}'],
    ['nann!1', '[1]'],
  ])('with a damaged entry says which one: %s of %s', async (key, value) => {
    const db = new MemoryLevel()
    const store = await opened(db)
    right(store.change(Model.set('x', 1)))
    right(await store.close())
    await db.put(`!scuttlebutt!!me!${key}`, value)
    const failed = await open(db)
    expect(failed._tag === 'Left' && showLevelError(failed.left)).toContain(`the entry "${key}" is damaged: ${value}`)
  })

  test('with an update under the key of another is refused, and says which one', async () => {
    const db = new MemoryLevel()
    const key = (source: string, timestamp: number, more = ''): string => {
      const bytes = Buffer.alloc(8)
      bytes.writeDoubleBE(timestamp)
      return `!scuttlebutt!!me!u${source}!${bytes.toString('hex')}${more}`
    }
    const update = [['x', 1], 1000, 'ann']
    const rejection = { _tag: 'InvalidUpdate' }
    for (const wrong of [key('ben', 1000), key('ann', 1001), key('an', 1000), key('annn', 1000)]) {
      await db.put(wrong, JSON.stringify(update))
      expect(await open(db)).toMatchObject({ left: { _tag: 'Rejected', rejection } })
      await db.del(wrong)
    }
    await db.put(key('ann', 1000, '!1'), JSON.stringify(update))
    const store = await opened(db)
    expect(read(store)).toEqual({ x: 1 })
    right(await store.close())
  })

  test('forgets what an older program could not read and issued again', async () => {
    const newer = scuttlebutt(Model.of(t.union([t.number, t.string])))
    const older = scuttlebutt(Model.of(t.number))
    const db = new MemoryLevel()
    const [ahead, now] = [() => 2000, () => 1000]
    const first = right(await openLevel(db, newer, 'me', { name: 'n', now: ahead })())
    right(first.change(Model.set('x', 'text')))
    right(first.change(Model.set('y', 1)))
    right(await first.close())
    const old = right(await openLevel(db, older, 'me', { name: 'n', now })())
    expect(old.unread()).toHaveLength(1)
    expect(old.reissue('me-2')).toHaveLength(1)
    expect(old.unread()).toHaveLength(1)
    right(await old.close())
    const last = right(await openLevel(db, newer, 'me-2', { name: 'n', now })())
    expect(
      newer
        .history()(last.getReplica())
        .map(([, , source]) => source),
    ).toEqual(['me-2', 'me-2'])
    expect(Model.toJSON(last.getReplica().state)).toEqual({ x: 'text', y: 1 })
    right(await last.close())
  })

  test('is refused by its data type, version and id, and taken by who means it', async () => {
    const db = new MemoryLevel()
    const store = await opened(db)
    right(store.change(Model.set('x', 1)))
    right(await store.close())
    const before = await db.iterator().all()
    const events = scuttlebutt(Events.of(t.unknown))
    expect(await openLevel(db, events, 'me')()).toMatchObject({ left: { _tag: 'OtherType', name: 'Model' } })
    const other = await open(db, { name: 'me' }, 'ann')
    expect(other).toEqual({ _tag: 'Left', left: { _tag: 'OtherId', name: 'me', id: 'me' } })
    if (other._tag === 'Left') expect(showLevelError(other.left)).toBe('OtherId: me, me')
    const renamed = scuttlebutt({ ...Model.of(t.unknown), name: 'Settings', formerly: ['Model'] })
    right(await right(await openLevel(db, renamed, 'me')()).close())
    const again = { ...Model.of(t.unknown), version: '2' }
    expect(await openLevel(db, scuttlebutt(again), 'me')()).toMatchObject({ left: { _tag: 'OtherType' } })
    expect(await openLevel(db, scuttlebutt(AppendOnly.of(t.unknown)), 'me', { adopt: true })()).toMatchObject({
      left: { _tag: 'Rejected' },
    })
    expect(await db.iterator().all()).toEqual(before)
    const adopted = await opened(db, { name: 'me', adopt: true }, 'ann')
    expect([adopted.getReplica().id, read(adopted)]).toEqual(['ann', { x: 1 }])
    right(await adopted.close())
    expect(await open(db)).toMatchObject({ left: { _tag: 'OtherId', id: 'ann' } })
    const moved = right(await openLevel(db, scuttlebutt(again), 'ann', { name: 'me', adopt: true })())
    right(await moved.close())
    expect(await open(db, { name: 'me' }, 'ann')).toMatchObject({ left: { _tag: 'OtherType', version: '2' } })
  })

  test('has any string as its name, of any length', async () => {
    const names = ['界'.repeat(40), 'con', 'CON', 'nul', 'a.', '', 'x'.repeat(5000)]
    for (const db of [new MemoryLevel(), new ClassicLevel(path.join(scratch, 'names'))]) {
      for (const name of names) {
        const store = await opened(db, { name })
        right(store.change(Model.set('name', name)))
        right(await store.close())
      }
      expect(right(await namesIn(db)())).toEqual([...names].sort())
      for (const name of names) {
        const store = await opened(db, { name })
        expect(read(store)).toEqual({ name })
        right(await store.close())
      }
      await db.close()
    }
  })

  test('of before opens as it was, and goes on', async () => {
    const text = readFileSync(new URL('fixtures/before-ids.json', import.meta.url), 'utf8')
    const db = new MemoryLevel()
    const entries = JSON.parse(text) as [string, string][]
    await db.batch(entries.map(([key, value]) => ({ type: 'put' as const, key, value })))
    const numbers = scuttlebutt(Model.of(t.number))
    const store = right(await openLevel(db, numbers, 'me', { now: () => 5000 })())
    expect(Model.toJSON(store.getReplica().state)).toEqual({ a: 1004, b: 8, t: 1, u: 2, é: 7 })
    expect(store.unread()).toEqual([[['v', 'text'], 3001, 'ann']])
    expect(numbers.digest(store.getReplica())).toMatchObject({
      clock: { ann: 2000 },
      doubt: { ann: [[3001, expect.any(String)]] },
    })
    right(store.change(Model.set('new', 9)))
    right(await store.close())
    const again = right(await openLevel(db, numbers, 'me')())
    expect(Model.toJSON(again.getReplica().state)).toMatchObject({ a: 1004, new: 9 })
    right(await again.close())
  })
})
