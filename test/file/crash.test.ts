/** S1, S2, S4: whatever crashes or fails, and wherever, what was acknowledged is there afterwards. */
import fc from 'fast-check'
import { xorshift128plus } from 'pure-rand/generator/xorshift128plus'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { openFile, repair, type FileStore, type Fsync } from '../../src/adapters/file.js'
import { Clock, Events, Model, scuttlebutt, type Update } from '../../src/index.js'
import { Crashed, SimulatedDisk, type Fault } from './SimulatedDisk.js'

const sb = scuttlebutt(Model.of(t.unknown))

type AnyStore = FileStore<Model.State<unknown>, Model.Change<unknown>>

const FILE = '/replica'

/** What a user does with a store, and what it was told is safe. */
interface Told {
  /** All updates, in the order in which they were applied. */
  readonly applied: Update<Model.Change<unknown>>[]
  /** How many of them were acknowledged. */
  acknowledged: number
  /** Whether the store was open. */
  opened: boolean
}

/** Writes, batches from others, flushes, a compaction, a reopening. Ends early when the power does. */
const work = async (disk: SimulatedDisk, fsync: Fsync, told: Told, retries = 0): Promise<void> => {
  let now = 1000
  const attempt = async (act: () => Promise<{ readonly _tag: string }>): Promise<boolean> => {
    for (let i = 0; i <= retries; i++) if ((await act())._tag === 'Right') return true
    return false
  }
  const open = async (): Promise<AnyStore | undefined> => {
    for (let i = 0; i <= retries; i++) {
      const opened = await openFile(FILE, sb, 'me', { disk, fsync, now: () => now++ })()
      if (opened._tag === 'Right') return opened.right
    }
    return undefined
  }
  for (let life = 0; life < 2; life++) {
    const store = await open()
    if (store === undefined) return
    told.opened = true
    store.subscribe((updates) => told.applied.push(...updates))
    const flush = async (): Promise<void> => {
      const upTo = told.applied.length
      if (await attempt(store.flushed)) told.acknowledged = Math.max(told.acknowledged, upTo)
    }
    for (let i = 0; i < 3; i++) store.change(Model.set(`k${String(i % 2)}`, [life, i]))
    await flush()
    store.apply([
      [['theirs', life], 500 + life * 10, 'other'],
      [['more', '\ud800 é'], 501 + life * 10, 'other'],
    ])
    store.change(Model.set('k1', 'again'))
    await flush()
    const upTo = told.applied.length
    if (await attempt(store.compact)) told.acknowledged = Math.max(told.acknowledged, upTo)
    store.change(Model.set('late', life))
    await flush()
    await attempt(store.close)
  }
}

const nothing = (): Told => ({ applied: [], acknowledged: 0, opened: false })

/** What a file holds is what was applied up to some moment, and that is not before the last that was acknowledged. */
const check = async (files: ReadonlyMap<string, Buffer>, told: Told): Promise<void> => {
  const opened = await openFile(FILE, sb, 'me', { disk: new SimulatedDisk(files) })()
  if (opened._tag === 'Left') throw new Error(JSON.stringify(opened.left))
  const replica = opened.right.getReplica()
  const covered = told.applied.map((update) => Clock.covers(update)(replica.clock))
  const count = covered.lastIndexOf(true) + 1
  expect(count).toBeGreaterThanOrEqual(told.acknowledged)
  const expected = sb.applyUpdates(told.applied.slice(0, count))(sb.create('me'))
  expect(Model.toJSON(replica.state)).toEqual(Model.toJSON(expected.state))
  expect(sb.history()(replica)).toEqual(sb.history()(expected))
  expect(sb.digest(replica)).toEqual(sb.digest(expected))
  // and it is a store like any other
  opened.right.change(Model.set('on', 1))
  expect((await opened.right.close())._tag).toBe('Right')
}

const dice = (seed: number): ((n: number) => number) => {
  const random = xorshift128plus(seed)
  return (n) => (n <= 1 ? 0 : (random.next() >>> 0) % n)
}

/** All, nothing, and what the dice say. */
const survivals: ReadonlyArray<(n: number) => number> = [
  () => 0,
  (n) => n - 1,
  (n) => Math.min(1, n - 1),
  ...[1, 2, 3, 4, 5].map(dice),
]

const callsOf = async (fsync: Fsync): Promise<ReadonlyArray<string>> => {
  const disk = new SimulatedDisk()
  const told = nothing()
  await work(disk, fsync, told)
  expect(told.acknowledged).toBe(told.applied.length)
  await check(
    disk.afterCrash(() => 0),
    told,
  )
  return disk.calls
}

const policies: ReadonlyArray<Fsync> = ['each', { every: 1 }]

describe.each(policies)('With fsync %o', (fsync) => {
  test('S1, S2: power lost at every call and every byte leaves all that was acknowledged, and nothing half done', async () => {
    const calls = await callsOf(fsync)
    let cases = 0
    for (const [i, call] of calls.entries()) {
      const length = call.startsWith('write') ? Number(call.split(' ')[2]) : 0
      for (let bytes = 0; bytes <= length; bytes++) {
        const disk = new SimulatedDisk(new Map(), new Map([[i, { _tag: 'crash', bytes }]]))
        const told = nothing()
        await work(disk, fsync, told).catch((error: unknown) => {
          if (!(error instanceof Crashed)) throw error
        })
        for (const choose of bytes > 0 && bytes < length ? survivals.slice(0, 4) : survivals) {
          await check(disk.afterCrash(choose), told)
          cases++
        }
      }
    }
    expect(cases).toBeGreaterThan(1000)
  })

  test.each(['EIO', 'ENOSPC'])(
    'S4: %s at every call is told, nothing is acknowledged by it, and a retry is right',
    async (code) => {
      const calls = await callsOf(fsync)
      for (const i of calls.keys()) {
        const disk = new SimulatedDisk(new Map(), new Map<number, Fault>([[i, { _tag: 'fail', code, forEver: false }]]))
        const told = nothing()
        await work(disk, fsync, told, 1)
        expect(told.acknowledged).toBe(told.applied.length)
        for (const choose of survivals) await check(disk.afterCrash(choose), told)
      }
    },
  )

  test('S4: a disk that is full for good from any call on is told, and what was acknowledged before is there', async () => {
    const calls = await callsOf(fsync)
    for (const i of calls.keys()) {
      const disk = new SimulatedDisk(
        new Map(),
        new Map<number, Fault>([[i, { _tag: 'fail', code: 'ENOSPC', forEver: true }]]),
      )
      const told = nothing()
      await work(disk, fsync, told)
      const isPlain = /^(open|sync|rename|write|truncate)/.test(calls[i]!) && !calls[i]!.includes('.lock.')
      if (isPlain) expect(told.acknowledged).toBeLessThanOrEqual(told.applied.length)
      // while it never got as far as to make the file, there is nothing to open
      if (told.opened) for (const choose of survivals) await check(disk.afterCrash(choose), told)
    }
  })

  test('S4: writes that take only some of the bytes are gone on with', async () => {
    const calls = await callsOf(fsync)
    for (const [i, call] of calls.entries()) {
      if (!call.startsWith('write') || call.includes('.lock.')) continue
      for (const bytes of [1, 7, 20]) {
        const disk = new SimulatedDisk(new Map(), new Map<number, Fault>([[i, { _tag: 'short', bytes }]]))
        const told = nothing()
        await work(disk, fsync, told)
        expect(told.acknowledged).toBe(told.applied.length)
        await check(
          disk.afterCrash(() => 0),
          told,
        )
      }
    }
  })
})

test('S1: random lives with random faults, one after the other on what the last one left, lose nothing', async () => {
  const fault: fc.Arbitrary<Fault> = fc.oneof(
    fc.record({ _tag: fc.constant('crash' as const), bytes: fc.nat(200) }),
    fc.record({ _tag: fc.constant('fail' as const), code: fc.constantFrom('EIO', 'ENOSPC'), forEver: fc.boolean() }),
    fc.record({ _tag: fc.constant('short' as const), bytes: fc.integer({ min: 1, max: 30 }) }),
  )
  const lives = fc.array(
    fc.record({
      faults: fc.array(fc.tuple(fc.nat(60), fault), { maxLength: 3 }),
      seed: fc.nat(),
      steps: fc.array(fc.constantFrom('set', 'set', 'apply', 'flush', 'compact', 'pause'), { maxLength: 20 }),
      every: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  )
  await fc.assert(
    fc.asyncProperty(lives, async (each) => {
      let files: ReadonlyMap<string, Buffer> = new Map()
      let now = 1000
      let theirs = 500
      let safe = sb.create('me')
      for (const { faults, seed, steps, every } of each) {
        const disk = new SimulatedDisk(files, new Map(faults))
        try {
          const fsync = every ? { every: 0 } : 'each'
          const opened = await openFile(FILE, sb, 'me', { disk, fsync, now: () => now++ })()
          if (opened._tag === 'Right') {
            const store = opened.right
            expect(Clock.leq(safe.clock, store.getReplica().clock)).toBe(true)
            for (const step of steps) {
              if (step === 'set') store.change(Model.set(`k${String(now % 5)}`, now))
              else if (step === 'apply') store.apply([[[`t${String(theirs % 3)}`, theirs], theirs++, 'other']])
              else if (step === 'pause') await new Promise((resolve) => setTimeout(resolve, 1))
              else {
                const before = store.getReplica()
                const done = await (step === 'flush' ? store.flushed() : store.compact())
                if (done._tag === 'Right') safe = before
              }
            }
          } else if (opened.left._tag !== 'Io') {
            throw new Error(JSON.stringify(opened.left))
          }
        } catch (error) {
          if (!(error instanceof Crashed)) throw error
        }
        files = disk.afterCrash(dice(seed))
      }
      const last = await openFile(FILE, sb, 'me', { disk: new SimulatedDisk(files) })()
      if (last._tag === 'Left') throw new Error(JSON.stringify(last.left))
      expect(Clock.leq(safe.clock, last.right.getReplica().clock)).toBe(true)
      const again = sb.merge(safe)(last.right.getReplica())
      expect(Model.toJSON(again.state)).toEqual(Model.toJSON(last.right.getReplica().state))
    }),
    { numRuns: 300 },
  )
})

test('S3: a flipped bit, wherever, is told with its offset, and repaired: nothing is lost', async () => {
  const disk = new SimulatedDisk()
  const told = nothing()
  await work(disk, 'each', told)
  const whole = disk.contentOf(FILE)!
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const flipped = Buffer.from(whole)
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    const damaged = new SimulatedDisk(new Map([[FILE, flipped]]))
    const opened = await openFile(FILE, sb, 'me', { disk: damaged })()
    expect(opened).toMatchObject({ left: { _tag: 'Corrupt', offset: bit >> 3 } })
    const repaired = await repair(FILE, damaged)()
    expect(repaired).toMatchObject({ right: { flips: [{ offset: bit >> 3, bit: bit & 7 }], bytes: whole.length } })
    expect(damaged.contentOf(FILE)!.equals(whole)).toBe(true)
  }
})

test('S3: damage beyond a bit is told with its block’s offset; repair sets aside what comes from there on', async () => {
  const events = scuttlebutt(Events.of(t.unknown))
  const disk = new SimulatedDisk()
  let now = 1000
  const opened = await openFile(FILE, events, 'me', { disk, now: () => now++ })()
  if (opened._tag === 'Left') throw new Error(opened.left._tag)
  const store = opened.right
  /** Where each block begins. */
  const begins = [0]
  for (let i = 0; i < 10; i++) {
    begins.push(disk.contentOf(FILE)!.length)
    store.change(Events.emit('n', i))
    await store.flushed()
  }
  await store.close()
  const whole = disk.contentOf(FILE)!
  const firstWrong = (bytes: Buffer): number => bytes.findIndex((byte, i) => byte !== whole[i])
  const beginOf = (at: number): number => Math.max(...begins.filter((begin) => begin <= at))
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.uint8Array({ minLength: 2, maxLength: 40 }), async (at, bytes) => {
      const damaged = Buffer.from(whole)
      damaged.set(bytes.subarray(0, damaged.length - at), at)
      const off = damaged.reduce(
        (count, byte, i) => count + (byte ^ whole[i]!).toString(2).replaceAll('0', '').length,
        0,
      )
      fc.pre(off > 1)
      const files = new SimulatedDisk(new Map([[FILE, damaged]]))
      const wrong = firstWrong(damaged)
      const again = await openFile(FILE, events, 'me', { disk: files })()
      if (again._tag === 'Right') {
        // at the very end it looks as a crash does, and it says what it cut
        expect(again.right.opened.torn?.offset).toBe(beginOf(wrong))
        return
      }
      // a bit for itself is told where it is, before others that are in blocks of their own
      if (again.left._tag === 'Corrupt') expect([beginOf(wrong), wrong]).toContain(again.left.offset)
      else expect([again.left._tag, beginOf(wrong)]).toEqual(['Foreign', 0])
      const repaired = await repair(FILE, files)()
      if (repaired._tag === 'Left') {
        expect([repaired.left._tag, beginOf(wrong)]).toEqual(['Foreign', 0])
        return
      }
      const { cut, flips, bytes: length } = repaired.right
      const turned = Buffer.from(damaged)
      for (const { offset, bit } of flips) turned[offset]! ^= 1 << bit
      // nothing wrong stays, and no block that is whole, or was but for a bit, goes
      expect(files.contentOf(FILE)!.equals(whole.subarray(0, length))).toBe(true)
      if (cut === undefined) expect(turned.equals(whole)).toBe(true)
      else {
        expect(cut.offset).toBe(length)
        expect(cut.offset).toBe(beginOf(firstWrong(turned)))
        expect(files.contentOf(cut.to)!.equals(damaged.subarray(cut.offset))).toBe(true)
      }
      const opened2 = await openFile(FILE, events, 'me', { disk: files })()
      if (opened2._tag === 'Left') throw new Error(opened2.left._tag)
      const said = Events.toJSON(opened2.right.getReplica().state)
      expect(said).toEqual(Events.toJSON(store.getReplica().state).slice(0, said.length))
    }),
    // one bit of a block's line end, and more of the block after it
    { numRuns: 500, examples: begins.slice(1).map((begin) => [begin - 1, Uint8Array.of(26, 0, 1)]) },
  )
})
