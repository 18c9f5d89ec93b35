/** Databases that fail: nothing that was acknowledged is lost, and nobody locks himself out. */
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ClassicLevel } from 'classic-level'
import * as t from 'io-ts'
import { MemoryLevel } from 'memory-level'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openLevel, type Level } from '../../src/adapters/level.js'
import { Model, scuttlebutt } from '../../src/index.js'
import { right } from '../right.js'

const sb = scuttlebutt(Model.of(t.unknown))

const open = (db: Level) => openLevel(db, sb, 'me')()

const opened = async (db: Level) => right(await open(db))

const read = (store: Awaited<ReturnType<typeof opened>>) => Model.toJSON(store.getReplica().state)

let scratch = ''

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'scuttlebutt-ts-level-failing-'))
})

afterAll(async () => {
  await rm(scratch, { recursive: true })
})

const FAILURES = [
  ['before it does anything, once', false, false],
  ['before it does anything, for ever', false, true],
  ['after all is done, once', true, false],
  ['after all is done, for ever', true, true],
] as const

/** A database of which the n-th call fails, once or with all after it. */
const failing = (nth: number, isDone: boolean, isForEver: boolean, entries: ReadonlyArray<[string, string]>) => {
  const db = new MemoryLevel()
  let [calls, isOn] = [0, false]
  const inner = db as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
  for (const name of ['_open', '_get', '_getMany', '_batch']) {
    const call = inner[name]!.bind(db)
    inner[name] = async (...args) => {
      if (isOn) {
        const n = calls++
        if (n === nth || (isForEver && n > nth)) {
          if (isDone) await call(...args)
          throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
        }
      }
      return call(...args)
    }
  }
  return {
    db,
    start: async () => {
      await db.batch(entries.map(([key, value]) => ({ type: 'put' as const, key, value })))
      isOn = true
    },
    mend: () => (isOn = false),
    calls: () => calls,
  }
}

test.each(FAILURES)(
  'S4: A database of which any call fails %s, says so, and keeps what it acknowledged',
  async (_, isDone, isForEver) => {
    const first = new MemoryLevel()
    const store = await opened(first)
    right(store.change(Model.set('kept', 0)))
    right(await store.close())
    const entries = await first.iterator<string, string>({ keyEncoding: 'utf8', valueEncoding: 'utf8' }).all()
    let total = 1
    // the last one fails nowhere
    for (let nth = 0; nth <= total; nth++) {
      const { db, start, mend, calls } = failing(nth, isDone, isForEver, entries)
      await start()
      let safe: unknown = { kept: 0 }
      const tried = await open(db)
      if (tried._tag === 'Left') expect(tried.left).toMatchObject({ _tag: 'Level' })
      else {
        for (let i = 0; i < 6; i++) {
          right(tried.right.change(Model.set(`k${String(i)}`, i)))
          const kept = Object.fromEntries(Object.entries(read(tried.right)).filter(([key]) => key !== 'same'))
          // deletes the earlier value
          right(tried.right.change(Model.set('same', i)))
          const flushed = await tried.right.flushed()
          if (flushed._tag === 'Right') safe = kept
          else expect(flushed.left).toMatchObject({ _tag: 'Level' })
        }
      }
      total = Math.max(total, calls())
      mend()
      if (tried._tag === 'Right') right(await tried.right.close())
      const again = await opened(db)
      expect(read(again)).toMatchObject(safe as object)
      if (tried._tag !== 'Right') continue
      expect(read(again)).toEqual(read(tried.right))
      // what is superseded is gone, whatever had failed
      expect(sb.history()(again.getReplica())).toEqual(sb.history()(tried.right.getReplica()))
    }
    expect(total).toBeGreaterThan(8)
  },
)

test('A database in a folder that cannot be written says so, and is as it was', async () => {
  const location = path.join(scratch, 'readonly')
  const db = new ClassicLevel(location)
  const store = await opened(db)
  right(store.change(Model.set('x', 1)))
  right(await store.close())
  await db.close()
  await chmod(location, 0o500)
  for (const file of await readdir(location)) await chmod(path.join(location, file), 0o400)
  // the superuser may write anywhere
  const isAllowed = process.getuid?.() === 0
  const refused = new ClassicLevel(location)
  const outcome = await open(refused)
  if (isAllowed) right(await right(outcome).close())
  else expect(outcome).toMatchObject({ left: { _tag: 'Level', operation: 'open' } })
  await refused.close()
  await chmod(location, 0o700)
  for (const file of await readdir(location)) await chmod(path.join(location, file), 0o600)
  const last = new ClassicLevel(location)
  const again = await opened(last)
  expect(read(again)).toEqual({ x: 1 })
  right(await again.close())
  await last.close()
})

test('A database under another Unicode form of its path is the same one, or another, and never a mixture', async () => {
  const [composed, decomposed] = ['caf\u00e9', 'cafe\u0301'].map((name) => path.join(scratch, name))
  const first = new ClassicLevel(composed!)
  const store = await opened(first)
  right(store.change(Model.set('x', 1)))
  right(await store.flushed())
  const second = new ClassicLevel(decomposed!)
  const other = await open(second)
  // a file system that takes both for one name has one lock for them
  if (other._tag === 'Left') expect(other.left._tag).toBe('Locked')
  else {
    expect(read(other.right)).toEqual({})
    right(other.right.change(Model.set('x', 2)))
    right(await other.right.close())
  }
  right(await store.close())
  await Promise.all([first.close(), second.close()])
  const last = new ClassicLevel(composed!)
  const again = await opened(last)
  expect(read(again)).toEqual({ x: 1 })
  right(await again.close())
  await last.close()
})
