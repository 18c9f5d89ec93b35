/** Acknowledged updates survive every crash and every failure of a disk, wherever it happens. */
import fc from 'fast-check'
import { xorshift128plus } from 'pure-rand/generator/xorshift128plus'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { openFile, repair, type FileStore, type Fsync } from '../../src/adapters/file.js'
import { Clock, Events, Model, scuttlebutt, type Digest, type Update } from '../../src/index.js'
import { Crashed, SimulatedDisk, type Fault } from './SimulatedDisk.js'
import { right } from '../right.js'
import { inMemory, isThorough } from '../runs.js'

const sb = scuttlebutt(Model.of(t.unknown))

type AnyStore = FileStore<Model.State<unknown>, Model.Change<unknown>>

const FILE = '/replica'

/** What a user did with a store, and what the store acknowledged. */
interface Told {
  /** All updates, in the order of their application. */
  readonly applied: Update<Model.Change<unknown>>[]
  /** The digest after each of them. */
  readonly digests: Digest[]
  /** How many of them are acknowledged. */
  acknowledged: number
  /** Whether the store was open once. */
  opened: boolean
  /** How many calls of the store gave a `Left`. */
  refused: number
}

/**
 * Changes, batches from others, flushes, a compaction and a second opening. Stops when the power
 * fails.
 */
const work = async (disk: SimulatedDisk, fsync: Fsync, told: Told, retries = 0): Promise<void> => {
  let now = 1000
  const attempt = async (act: () => Promise<{ readonly _tag: string }>): Promise<boolean> => {
    for (let i = 0; i <= retries; i++) {
      if ((await act())._tag === 'Right') return true
      told.refused++
    }
    return false
  }
  const open = async (): Promise<AnyStore | undefined> => {
    for (let i = 0; i <= retries; i++) {
      const opened = await openFile(FILE, sb, 'me', { disk, fsync, now: () => now++ })()
      if (opened._tag === 'Right') return opened.right
      told.refused++
    }
    return undefined
  }
  for (let life = 0; life < 2; life++) {
    const store = await open()
    if (store === undefined) return
    told.opened = true
    store.subscribe((updates, replica) => {
      for (const update of updates) {
        told.applied.push(update)
        told.digests.push(sb.digest(replica))
      }
    })
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

const nothing = (): Told => ({ applied: [], digests: [], acknowledged: 0, opened: false, refused: 0 })

/**
 * Arguments of {@link check} that passed. It depends on nothing else, so the same ones pass again.
 */
const passed = new Set<string>()

/** The file opens with what was applied up to a moment at or after the last acknowledgement. */
const check = async (files: ReadonlyMap<string, Buffer>, told: Told): Promise<void> => {
  const key = JSON.stringify([[...files].map(([name, bytes]) => [name, bytes.toString('latin1')]), told])
  if (passed.has(key)) return
  const opened = await openFile(FILE, sb, 'me', { disk: new SimulatedDisk(files) })()
  if (opened._tag === 'Left') throw new Error(JSON.stringify(opened.left))
  const replica = opened.right.getReplica()
  const covered = told.applied.map((update) => Clock.covers(update)(replica.clock))
  const count = covered.lastIndexOf(true) + 1
  const expected = sb.applyUpdates(told.applied.slice(0, count))(sb.create('me'))
  // the store works on
  const found = factsOf(replica)
  opened.right.change(Model.set('on', 1))
  const closed = await opened.right.close()
  // it is as sure as the store was then, and no surer
  const facts = { ...factsOf(expected), digest: told.digests[count - 1] ?? sb.digest(expected) }
  expect([count >= told.acknowledged, found, closed._tag]).toEqual([true, facts, 'Right'])
  passed.add(key)
}

const factsOf = (replica: ReturnType<typeof sb.create>) => ({
  state: Model.toJSON(replica.state),
  history: sb.history()(replica),
  digest: sb.digest(replica),
})

const dice = (seed: number): ((n: number) => number) => {
  const random = xorshift128plus(seed)
  return (n) => (n <= 1 ? 0 : (random.next() >>> 0) % n)
}

/** Nothing survives, all does, the whole of each write does, or dice decide. */
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

/** Whether a call changes the disk: a crash at any other is one at the next change. */
const isChange = (call: string): boolean => !/^(status|path|list|read|open r) /.test(`${call} `)

/** Every byte of a write if the run is thorough, else some; the first and the last in any case. */
const BYTES_A_STEP = isThorough ? 1 : 4

const policies: ReadonlyArray<Fsync> = ['each', { every: 1 }]

describe.each(policies)('A file with fsync %o', (fsync) => {
  test('S1, S2: keeps all that was acknowledged, and nothing half written, if power fails at any call and byte', async () => {
    const calls = await callsOf(fsync)
    let cases = 0
    for (const [i, call] of calls.entries()) {
      if (!isChange(call)) continue
      const length = call.startsWith('write') ? Number(call.split(' ')[2]) : 0
      const disk = new SimulatedDisk(new Map(), new Map([[i, { _tag: 'crash', bytes: length }]]))
      const told = nothing()
      await work(disk, fsync, told).catch((error: unknown) => {
        if (!(error instanceof Crashed)) throw error
      })
      for (
        let bytes = 0;
        bytes <= length;
        bytes = bytes === length ? Infinity : Math.min(length, bytes + BYTES_A_STEP)
      ) {
        for (const choose of bytes > 0 && bytes < length ? survivals.slice(0, 4) : survivals) {
          await check(disk.afterCrash(choose, bytes), told)
          cases++
        }
      }
    }
    expect(cases).toBeGreaterThan(isThorough ? 4000 : 1000)
  })

  test.each(['EIO', 'ENOSPC'])(
    'S4: reports %s at any call, acknowledges nothing by it, and succeeds when asked again',
    async (code) => {
      const calls = await callsOf(fsync)
      for (const i of calls.keys()) {
        const fault: Fault = { _tag: 'fail', code, forEver: false, bytes: i % 40 }
        const disk = new SimulatedDisk(new Map(), new Map([[i, fault]]))
        const told = nothing()
        await work(disk, fsync, told, 1)
        expect(told.acknowledged).toBe(told.applied.length)
        for (const choose of survivals) await check(disk.afterCrash(choose), told)
      }
    },
  )

  test('S4: reports a disk that stays full, from any call on, and keeps what it acknowledged before', async () => {
    const calls = await callsOf(fsync)
    for (const i of calls.keys()) {
      const disk = new SimulatedDisk(
        new Map(),
        new Map<number, Fault>([[i, { _tag: 'fail', code: 'ENOSPC', forEver: true }]]),
      )
      const told = nothing()
      await work(disk, fsync, told)
      // a disk that fails from the last lock or mark on fails nobody's update
      if (i < calls.lastIndexOf('sync replica')) expect([calls[i], told.refused]).not.toEqual([calls[i], 0])
      // a file that was never created cannot be opened
      if (told.opened) for (const choose of survivals) await check(disk.afterCrash(choose), told)
    }
  })

  test('S4: goes on with a write that took only some of the bytes', async () => {
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

test('S1: A file loses nothing in random lives with random faults, each ended by a kill or a loss of power', async () => {
  const fault: fc.Arbitrary<Fault> = fc.oneof(
    fc.record({ _tag: fc.constant('crash' as const), bytes: fc.nat(200) }),
    fc.record({
      _tag: fc.constant('fail' as const),
      code: fc.constantFrom('EIO', 'ENOSPC'),
      forEver: fc.boolean(),
      bytes: fc.nat(60),
    }),
    fc.record({ _tag: fc.constant('short' as const), bytes: fc.integer({ min: 1, max: 30 }) }),
  )
  const lives = fc.array(
    fc.record({
      faults: fc.array(fc.tuple(fc.nat(120), fault), { maxLength: 3 }),
      seed: fc.nat(),
      steps: fc.array(fc.constantFrom('set', 'set', 'apply', 'flush', 'compact', 'pause'), { maxLength: 20 }),
      every: fc.boolean(),
      isKilled: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  )
  await fc.assert(
    fc.asyncProperty(lives, async (each) => {
      let disk = new SimulatedDisk()
      let now = 1000
      let theirs = 500
      let safe = sb.create('me')
      for (const { faults, seed, steps, every, isKilled } of each) {
        disk = disk.afterKill(new Map(faults))
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
        if (!isKilled) disk = new SimulatedDisk(disk.afterCrash(dice(seed)))
      }
      const files = disk.afterCrash(() => 0)
      const last = await openFile(FILE, sb, 'me', { disk: new SimulatedDisk(files) })()
      if (last._tag === 'Left') throw new Error(JSON.stringify(last.left))
      expect(Clock.leq(safe.clock, last.right.getReplica().clock)).toBe(true)
      const again = sb.merge(safe)(last.right.getReplica())
      expect(Model.toJSON(again.state)).toEqual(Model.toJSON(last.right.getReplica().state))
    }),
    {
      numRuns: inMemory(300),
      examples: [
        [
          [
            // killed between a rename and the sync of the folder
            { faults: [[35, { _tag: 'crash', bytes: 0 }]], seed: 0, steps: ['compact'], every: false, isKilled: true },
            { faults: [], seed: 0, steps: [], every: false, isKilled: true },
            { faults: [], seed: 0, steps: ['set', 'flush'], every: false, isKilled: false },
          ],
        ],
        [
          [
            // killed before what was written is synced, and it is read by the next process
            { faults: [], seed: 0, steps: ['set'], every: true, isKilled: true },
            { faults: [], seed: 0, steps: ['flush'], every: false, isKilled: false },
          ],
        ],
      ],
    },
  )
})

test('S4: What a process failed to sync before it died is not acknowledged by the next one, unless it is written again', async () => {
  // one update alone; and more than the writer keeps in memory
  for (const length of [1, 2 << 20]) {
    for (let call = 0; ; call++) {
      const fault: Fault = { _tag: 'fail', code: 'EIO', forEver: false }
      const first = new SimulatedDisk(new Map(), new Map([[call, fault]]))
      const opened = await openFile(FILE, sb, 'me', { disk: first, fsync: { every: 1e9 } })()
      if (opened._tag === 'Left') continue
      const replicas = [...Array(Math.ceil(length / 1e5)).keys()]
      for (const i of replicas)
        right(opened.right.change(Model.set(`k${String(i)}`, 'x'.repeat(Math.min(length, 1e5)))))
      await opened.right.flushed()
      if (call >= first.calls.length) break
      const disk = first.afterKill(new Map())
      const next = right(await openFile(FILE, sb, 'me', { disk })())
      const seen = Model.toJSON(next.getReplica().state)
      right(await next.flushed())
      const after = right(await openFile(FILE, sb, 'me', { disk: new SimulatedDisk(disk.afterCrash(() => 0)) })())
      expect([first.calls[call], Model.toJSON(after.getReplica().state)]).toEqual([first.calls[call], seen])
    }
  }
})

test('S4: What was read and cannot be synced is written to a new file', async () => {
  const open = async (disk: SimulatedDisk) => right(await openFile(FILE, sb, 'me', { disk, fsync: { every: 1e9 } })())
  // the first sync of the next process drops its data; no later one says so
  for (let call = 0; call < 30; call++) {
    const first = new SimulatedDisk()
    right((await open(first)).change(Model.set('x', 1)))
    await new Promise((resolve) => setTimeout(resolve, 5))
    const fault: Fault = { _tag: 'fail', code: 'EIO', forEver: false }
    const disk = first.afterKill(new Map([[call, fault]]))
    const opened = await openFile(FILE, sb, 'me', { disk })()
    if (opened._tag === 'Left') continue
    if ((await opened.right.flushed())._tag === 'Left') right(await opened.right.flushed())
    if (call >= disk.calls.length) break
    const after = await open(new SimulatedDisk(disk.afterCrash(() => 0)))
    expect([disk.calls[call], Model.toJSON(after.getReplica().state)]).toEqual([disk.calls[call], { x: 1 }])
    await opened.right.close({ force: true })
  }
})

/** No divisor of 8, so that every bit of a byte comes up. */
const BITS_A_STEP = isThorough ? 1 : 5

test('S3: A flipped bit, wherever it is, is reported with its offset and repaired without loss', async () => {
  const disk = new SimulatedDisk()
  const told = nothing()
  await work(disk, 'each', told)
  const whole = disk.contentOf(FILE)!
  for (let bit = 0; bit < whole.length * 8; bit += BITS_A_STEP) {
    const flipped = Buffer.from(whole)
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    const damaged = new SimulatedDisk(new Map([[FILE, flipped]]))
    const opened = await openFile(FILE, sb, 'me', { disk: damaged })()
    const repaired = await repair(FILE, damaged)()
    expect([opened, repaired, damaged.contentOf(FILE)!.equals(whole)]).toMatchObject([
      { left: { _tag: 'Corrupt', offset: bit >> 3 } },
      { right: { flips: [{ offset: bit >> 3, bit: bit & 7 }], bytes: whole.length } },
      true,
    ])
  }
})

test('S3: Damage of several bits is reported with the offset of its block, and repair cuts the file there', async () => {
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
  begins.push(disk.contentOf(FILE)!.length)
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
        // damage at the very end looks like a crash: the store reports what it cut
        expect(again.right.opened.torn?.offset).toBe(beginOf(wrong))
        return
      }
      // a single bit that stands first is reported by its own offset
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
      // no damage stays, and only blocks with several wrong bits, or after one, go
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
    // a wrong bit in a block's line break, and more in the next block
    { numRuns: inMemory(500), examples: begins.slice(1).map((begin) => [begin - 1, Uint8Array.of(26, 0, 1)]) },
  )
})
