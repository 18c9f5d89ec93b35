/** What was on the disk and is no longer as it was written is damage; what never was is torn. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { openFile, repair, type Fsync } from '../../src/adapters/file.js'
import { Events, Model, scuttlebutt } from '../../src/index.js'
import { right } from '../right.js'
import { inMemory } from '../runs.js'
import { SimulatedDisk } from './SimulatedDisk.js'

const events = scuttlebutt(Events.of(t.number))
const numbers = scuttlebutt(Model.of(t.number))

const FILE = '/replica.sb'

const disked = (bytes: Buffer): SimulatedDisk => new SimulatedDisk(new Map([[FILE, bytes]]))

const open = async (disk: SimulatedDisk, fsync: Fsync = 'each') => {
  let now = 1000
  return right(await openFile(FILE, events, 'me', { disk, fsync, now: () => now++ })())
}

const saidIn = async (disk: SimulatedDisk): Promise<ReadonlyArray<number>> =>
  Events.toJSON((await open(disk)).getReplica().state).map(([, n]) => n)

const count = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, i) => i)

/** A file of flushes, and its length after each of them: `lengths[0]` is that of the header. */
const written = async (sizes: ReadonlyArray<number>) => {
  const disk = new SimulatedDisk()
  const store = await open(disk)
  const lengths = [disk.contentOf(FILE)!.length]
  let n = 0
  for (const size of sizes) {
    for (let i = 0; i < size; i++) right(store.change(Events.emit('n', n++)))
    right(await store.flushed())
    lengths.push(disk.contentOf(FILE)!.length)
  }
  right(await store.close())
  return { bytes: disk.contentOf(FILE)!, lengths }
}

describe('A file with marks', () => {
  test('of 1,000 acknowledged updates and two bytes of zeros at a tenth of it is damaged, and stays as it is', async () => {
    const { bytes } = await written(count(1000).map(() => 1))
    const at = Math.floor(bytes.length / 10)
    const damaged = Buffer.from(bytes).fill(0, at, at + 2)
    const disk = disked(damaged)
    const opened = await openFile(FILE, events, 'me', { disk })()
    expect(opened).toMatchObject({ _tag: 'Left', left: { _tag: 'Corrupt', path: FILE } })
    const { offset } = (opened as { left: { offset: number } }).left
    expect(offset).toBeLessThanOrEqual(at)
    expect(bytes.subarray(offset, at + 70).toString()).toMatch(/^"@\d+"\n\[\["n",\d+\],\d+,"me"\]\n"#/)
    expect([disk.contentOf(FILE), disk.paths]).toEqual([damaged, [FILE]])
    // repair keeps the beginning, and the rest is not lost
    const { cut } = right(await repair(FILE, { disk })())
    expect(cut).toMatchObject({ offset, to: `${FILE}.cut-${String(offset)}` })
    expect(disk.contentOf(cut!.to)).toEqual(damaged.subarray(offset))
    const said = await saidIn(disk)
    expect(said).toEqual(count(said.length))
    expect(said.length).toBeGreaterThan(90)
  })

  test('is damaged where something was written after a later sync, and else torn: nothing is thrown away', async () => {
    const change = fc.oneof(
      fc.record({ length: fc.integer({ min: 1, max: 60 }), with: fc.constant(0) }),
      fc.record({ length: fc.integer({ min: 2, max: 60 }), with: fc.integer({ min: 1, max: 255 }) }),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 }),
        fc.nat(9999),
        change,
        async (sizes, place, { length, with: byte }) => {
          const { bytes, lengths } = await written(sizes)
          const at = Math.floor((place / 10_000) * bytes.length)
          const damaged = Buffer.from(bytes)
          for (let i = at; i < Math.min(at + length, bytes.length); i++)
            damaged[i] = byte === 0 ? 0 : damaged[i]! ^ byte
          const wrong = damaged.findIndex((one, i) => one !== bytes[i])
          const off = damaged.reduce((sum, one, i) => sum + (one === bytes[i] ? 0 : 1), 0)
          fc.pre(off > 1)
          const begin = Math.max(0, ...lengths.filter((one) => one <= wrong))
          const disk = disked(damaged)
          const opened = await openFile(FILE, events, 'me', { disk })()
          // each flush begins with a mark, and so does the end: they say so unless damaged, also if
          // the damage made another number of theirs
          const isMarked = lengths.some((mark) => {
            const end = mark + `"@${String(mark)}"`.length
            const hasBreak = damaged[mark - 1] === 0x0a || damaged[end] === 0x0a
            const [, number] = /^"@(\d+)"$/.exec(damaged.subarray(mark, end).toString('latin1')) ?? []
            return mark >= begin && hasBreak && Number(number) > begin
          })
          if (isMarked) {
            // a single wrong bit that stands first is named by its own offset
            expect(opened).toMatchObject({ left: { _tag: 'Corrupt' } })
            expect([begin, wrong]).toContain((opened as { left: { offset: number } }).left.offset)
            expect([disk.contentOf(FILE), disk.paths]).toEqual([damaged, [FILE]])
            return
          }
          const end = lengths.find((length) => length > begin) ?? bytes.length
          const bits = [...damaged.subarray(begin, end)]
            .map((one, i) => one ^ bytes[begin + i]!)
            .filter((one) => one > 0)
          if (bits.length === 1 && Number.isInteger(Math.log2(bits[0]!))) {
            // the rest of the damage is in the next block
            expect(opened).toMatchObject({ left: { _tag: 'Corrupt', offset: wrong } })
            return
          }
          if (begin === 0) {
            expect(opened).toMatchObject({ left: { _tag: 'Foreign' } })
            return
          }
          const to = `${FILE}.cut-${String(begin)}`
          const store = right(opened)
          expect(store.opened).toMatchObject({ bytes: begin, torn: { offset: begin, bytes: bytes.length - begin, to } })
          expect(disk.contentOf(to)).toEqual(damaged.subarray(begin))
          expect(disk.contentOf(FILE)).toEqual(bytes.subarray(0, begin))
          const rest = sizes.slice(0, lengths.indexOf(begin)).reduce((sum, size) => sum + size, 0)
          expect(Events.toJSON(store.getReplica().state).map(([, n]) => n)).toEqual(count(rest))
        },
      ),
      { numRuns: inMemory(500, 5) },
    )
  })

  test('is torn in what no sync came after, however much was written behind it', async () => {
    for (const fsync of ['none', { every: 1e9 }] as const) {
      const disk = new SimulatedDisk()
      const store = await open(disk, fsync)
      const lengths: number[] = []
      for (const n of count(5)) {
        lengths.push(disk.contentOf(FILE)!.length)
        right(store.change(Events.emit('n', n)))
        await expect.poll(() => disk.contentOf(FILE)!.length).toBeGreaterThan(lengths.at(-1)!)
      }
      const damaged = Buffer.from(disk.contentOf(FILE)!).fill(0, lengths[2]! + 1, lengths[2]! + 9)
      const torn = await open(disked(damaged))
      expect(torn.opened.torn).toMatchObject({ offset: lengths[2], bytes: damaged.length - lengths[2]! })
      if (fsync === 'none') continue
      right(await store.flushed())
      right(store.change(Events.emit('n', 5)))
      right(await store.flushed())
      const synced = Buffer.from(disk.contentOf(FILE)!).fill(0, lengths[2]! + 1, lengths[2]! + 9)
      const corrupt = await openFile(FILE, events, 'me', { disk: disked(synced) })()
      expect(corrupt).toMatchObject({ left: { _tag: 'Corrupt', offset: lengths[2] } })
    }
  })

  test('that was closed has a mark at its end: whatever is damaged before it was no crash', async () => {
    for (const fsync of ['each', { every: 1e9 }] as const) {
      const disk = new SimulatedDisk()
      const store = await open(disk, fsync)
      for (const n of count(40)) right(store.change(Events.emit('n', n)))
      right(await store.flushed())
      const end = disk.contentOf(FILE)!.length
      right(await store.close())
      const mark = `"@${String(end)}"\n`
      // it is on the disk itself, and a life that writes nothing adds none
      const survived = disk.afterCrash(() => 0).get(FILE)!
      expect(survived.subarray(end, end + mark.length).toString()).toBe(mark)
      right(await (await open(disk)).close())
      expect(disk.contentOf(FILE)).toEqual(survived)
      for (let at = 0; at < end - 1; at += 37) {
        const damaged = Buffer.from(survived).fill(0, at, at + 2)
        const after = disked(damaged)
        const opened = await openFile(FILE, events, 'me', { disk: after })()
        expect(opened).toMatchObject({ left: { _tag: 'Corrupt' } })
        expect([after.contentOf(FILE), after.paths]).toEqual([damaged, [FILE]])
      }
    }
  })

  test('that was closed opens with all of it, or says Corrupt, whichever byte becomes whatever', async () => {
    const { bytes } = await written([2, 1, 3])
    const begin = bytes.indexOf('[[')
    const end = bytes.lastIndexOf('\n"@') + 1
    for (let at = begin; at < end; at++) {
      for (const byte of [0x41, 0x0a, 0x22, 0x00, 0x23, 0xff]) {
        if (bytes[at] === byte) continue
        const damaged = Buffer.from(bytes)
        damaged[at] = byte
        const disk = disked(damaged)
        const opened = await openFile(FILE, events, 'me', { disk })()
        if (opened._tag === 'Left') expect(opened.left._tag).toBe('Corrupt')
        else expect(Events.toJSON(opened.right.getReplica().state).map(([, n]) => n)).toEqual(count(6))
        if (opened._tag === 'Right') right(await opened.right.close())
        else expect(disk.contentOf(FILE)).toEqual(damaged)
      }
    }
  })

  test('is damaged, not torn, if bytes are missing or too many before a mark', async () => {
    const { bytes, lengths } = await written([2, 1, 3, 1])
    const seals = [...bytes.toString('latin1').matchAll(/"#[0-9a-f]{8}"\n/g)]
    const unsealed = seals.map(({ index, 0: seal }) =>
      Buffer.concat([bytes.subarray(0, index), bytes.subarray(index + seal.length)]),
    )
    const place = fc.nat(bytes.length - 1)
    const change = fc.tuple(place, fc.integer({ min: 0, max: 90 }), fc.uint8Array({ maxLength: 90 }))
    await fc.assert(
      fc.asyncProperty(change, async ([at, missing, added]) => {
        const moved = Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + missing)])
        fc.pre(!moved.equals(bytes))
        // some mark of a later place than the damage is still a line
        const wrong = moved.findIndex((one, i) => one !== bytes[i])
        const begin = Math.max(0, ...lengths.filter((one) => wrong < 0 || one <= wrong))
        const isMarked = lengths.some((mark) => {
          const line = `\n"@${String(mark)}"\n`
          return mark > begin && moved.includes(line, Math.max(0, begin - 1))
        })
        fc.pre(isMarked)
        const disk = disked(moved)
        const opened = await openFile(FILE, events, 'me', { disk })()
        if (opened._tag === 'Right') {
          // a whole seal that is missing takes nothing with it: the next one covers both
          expect(unsealed).toContainEqual(moved)
          expect(Events.toJSON(opened.right.getReplica().state).map(([, n]) => n)).toEqual(count(7))
          return
        }
        expect(opened).toMatchObject({ left: { _tag: 'Corrupt' } })
        expect([disk.contentOf(FILE), disk.paths]).toEqual([moved, [FILE]])
      }),
      { numRuns: inMemory(300, 5) },
    )
  })

  test('that nobody writes to for a second has a mark at its end, also after a crash, and goes on behind it', async () => {
    const disk = new SimulatedDisk()
    const store = await open(disk)
    for (const n of count(3)) right(store.change(Events.emit('n', n)))
    right(await store.flushed())
    const crashed = disked(disk.contentOf(FILE)!)
    const again = await open(crashed)
    const marked = (): ReadonlyArray<boolean> =>
      [disk, crashed].map((one) => {
        const text = one.contentOf(FILE)!.toString()
        const at = text.lastIndexOf('"@')
        return text.slice(at).startsWith(`"@${String(at)}"\n"#`)
      })
    const { length } = disk.contentOf(FILE)!
    expect(marked()).toEqual([false, false])
    // what crashed is written anew first
    await expect.poll(marked).toEqual([true, true])
    for (const one of [store, again]) {
      right(one.change(Events.emit('n', 3)))
      right(await one.close())
    }
    for (const one of [disk, crashed]) expect(await saidIn(one)).toEqual([0, 1, 2, 3])
    const damaged = Buffer.from(disk.contentOf(FILE)!).fill(0, length + 1, length + 4)
    const opened = await openFile(FILE, events, 'me', { disk: disked(damaged) })()
    expect(opened).toMatchObject({ left: { _tag: 'Corrupt', offset: length } })
  })

  test('has them again in each life, and all of a rewritten file is before one', async () => {
    const disk = new SimulatedDisk()
    const store = await open(disk)
    for (const n of count(9)) right(store.change(Events.emit('n', n)))
    right(await store.compact())
    right(await store.close())
    const whole = disk.contentOf(FILE)!
    const begins = [0, whole.indexOf('[["n"'), whole.lastIndexOf('"@', whole.lastIndexOf('"@') - 1)]
    for (let at = 0; at < whole.lastIndexOf('"@') - 4; at += 7) {
      const damaged = disked(Buffer.from(whole).fill(0, at, at + 3))
      const opened = await openFile(FILE, events, 'me', { disk: damaged })()
      const offset = Math.max(...begins.filter((begin) => begin <= at))
      expect(opened).toMatchObject({ left: { _tag: 'Corrupt', offset } })
    }
    for (let life = 0; life < 3; life++) {
      const { length } = disk.contentOf(FILE)!
      const again = await open(disk)
      right(again.change(Events.emit('n', 100 + life)))
      right(await again.close())
      expect(disk.contentOf(FILE)!.subarray(length).toString()).toMatch(new RegExp(`^"@${String(length)}"\n`))
    }
  })

  test('whose header is damaged is set aside whole by repair, and its lines are there', async () => {
    const { bytes } = await written([3, 3])
    const damaged = Buffer.from(bytes).fill(0, 4, 9)
    const disk = disked(damaged)
    expect(await openFile(FILE, events, 'me', { disk })()).toMatchObject({ left: { _tag: 'Corrupt', offset: 0 } })
    const { cut, bytes: length } = right(await repair(FILE, { disk })())
    expect([cut?.offset, length]).toEqual([0, 0])
    expect(disk.contentOf(cut!.to)).toEqual(damaged)
    right(await (await open(disk)).close())
    // a second time it is not overwritten
    disk.put(FILE, damaged)
    expect(right(await repair(FILE, disk)()).cut?.to).toBe(`${FILE}.cut-0-2`)
    expect([disk.contentOf(`${FILE}.cut-0`), disk.contentOf(`${FILE}.cut-0-2`)]).toEqual([damaged, damaged])
  })
})

describe('A file of before', () => {
  const old = readFileSync(new URL('fixtures/before-marks.sb', import.meta.url))

  const openOld = async (disk: SimulatedDisk) => right(await openFile(FILE, numbers, 'me', { disk, now: () => 5000 })())

  test('opens as it was, and goes on with marks', async () => {
    const disk = disked(old)
    const store = await openOld(disk)
    expect(Model.toJSON(store.getReplica().state)).toEqual({ a: 1004, b: 8, t: 1, u: 2, é: 7 })
    expect(store.unread()).toEqual([[['v', 'text'], 3001, 'ann']])
    const clock = { ann: 2000, me: 3001.000000000001 }
    expect(numbers.digest(store.getReplica())).toMatchObject({ clock, doubt: { ann: [[3001, expect.any(String)]] } })
    right(store.change(Model.set('new', 9)))
    right(await store.close())
    const after = disk.contentOf(FILE)!
    expect(after.subarray(0, old.length)).toEqual(old)
    const at = old.indexOf('[["a"')
    const damaged = disked(Buffer.from(after).fill(0, at, at + 2))
    const opened = await openFile(FILE, numbers, 'me', { disk: damaged })()
    expect(opened).toMatchObject({ left: { _tag: 'Corrupt', offset: old.indexOf('[["b"') } })
  })

  test('is torn where it has zeros, and damaged elsewhere, as before; but what is cut off is set aside', async () => {
    const at = old.indexOf('[["é"')
    const torn = Buffer.from(old).fill(0, at + 3, at + 5)
    const disk = disked(torn)
    const store = await openOld(disk)
    expect(store.opened.torn).toMatchObject({ offset: at, bytes: old.length - at })
    expect(disk.contentOf(`${FILE}.cut-${String(at)}`)).toEqual(torn.subarray(at))
    const damaged = disked(Buffer.from(old).fill('!', at + 3, at + 5))
    const opened = await openFile(FILE, numbers, 'me', { disk: damaged })()
    expect(opened).toMatchObject({ left: { _tag: 'Corrupt', offset: at } })
  })
})
