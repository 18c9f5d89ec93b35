/** Files that say how sure their replica is, and keep what it cannot read. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { openFile, showFileError, type FileStore } from '../../src/adapters/file.js'
import { seal } from '../../src/adapters/file/blocks.js'
import { Events, ExpiryModel, Model, scuttlebutt, type Message, type Update } from '../../src/index.js'
import { right } from '../right.js'
import { overWire } from '../runs.js'
import { SimulatedDisk } from './SimulatedDisk.js'

const FILE = '/replica.sb'

const sb = scuttlebutt(Model.of(t.unknown))
const events = scuttlebutt(Events.of(t.number))

/** An older program: it reads numbers alone. */
const older = scuttlebutt(Model.of(t.number)) as unknown as typeof sb

type Change = Model.Change<unknown>
type AnyStore = FileStore<Model.State<unknown>, Change>

const open = async (disk: SimulatedDisk, of = sb, id = 'me', now = () => 5000): Promise<AnyStore> =>
  right(await openFile(FILE, of, id, { disk, now })())

const textOf = (disk: SimulatedDisk): string => String(disk.contentOf(FILE))

const read = (store: AnyStore) => Model.toJSON(store.getReplica().state)

const digest = (store: AnyStore) => sb.digest(store.getReplica())

/** Says nothing of what is missing. */
const overheard = (...updates: ReadonlyArray<Update<Change>>): Message<Change> => ({
  digest: { id: 'peer', clock: {} },
  updates,
})

/** A peer without doubt tells all. */
const round = (clock: Record<string, number>, ...updates: ReadonlyArray<Update<Change>>): Message<Change> => ({
  digest: { id: 'peer', clock },
  updates,
  since: { clock: {} },
  complete: true,
})

describe('The doubt of a file store', () => {
  test('stands in one block with, and before, the updates that brought it, and is there again', async () => {
    const disk = new SimulatedDisk()
    const store = await open(disk)
    store.reconcile(round({ ann: 1000 }, [['x', 1], 1000, 'ann']))
    right(await store.flushed())
    expect(textOf(disk)).not.toContain('DOUBT')
    store.reconcile(overheard([['y', 2], 2000, 'ann']))
    right(await store.flushed())
    expect(textOf(disk)).toContain('"DOUBT+ {\\"ann\\":1000}"\n[["y",2],2000,"ann"]\n"#')
    const doubted = digest(store)
    expect(doubted).toMatchObject({ clock: { ann: 1000 }, doubt: { ann: [[2000, expect.any(String)]] } })
    right(await store.close())
    let again = await open(disk)
    expect(digest(again)).toEqual(doubted)
    // a rewritten file has it behind all updates
    right(await again.compact())
    right(await again.close())
    expect(textOf(disk).match(/^"DOUBT .*$/gm)).toEqual(['"DOUBT null"', '"DOUBT {\\"ann\\":1000}"'])
    again = await open(disk)
    expect(digest(again)).toEqual(doubted)
    again.reconcile(round({ ann: 2000 }))
    right(await again.close())
    expect(textOf(disk)).toContain('"DOUBT+ {\\"ann\\":null}"')
    const last = await open(disk)
    expect(digest(last)).toEqual({ id: 'me', clock: { ann: 2000 } })
    right(await last.close())
  })

  test('costs what has changed of it, however many sources are in doubt', async () => {
    const disk = new SimulatedDisk()
    const store = await open(disk)
    for (let i = 0; i < 300; i++) {
      store.reconcile(overheard([[`k${String(i)}`, i], 2000, `source ${String(i)}`]))
      right(await store.flushed())
    }
    expect(textOf(disk).length).toBeLessThan(300 * 150)
    const doubted = digest(store)
    right(await store.close())
    const again = await open(disk)
    expect(digest(again)).toEqual(doubted)
    right(await again.close())
  })

  test('comes back with the floor after a prune: what lapsed stays away', async () => {
    const expiry = scuttlebutt(ExpiryModel.of(t.number, { maxAge: 1000 }))
    const disk = new SimulatedDisk()
    let now = 10_000
    const opened = async () => right(await openFile(FILE, expiry, 'me', { disk, now: () => now })())
    const store = await opened()
    right(store.change(ExpiryModel.set('mine', 1)))
    right(await store.flushed())
    now = 15_000
    store.prune()
    store.reconcile({ digest: { id: 'peer', clock: {} }, updates: [[['young', 2], 14_500, 'eve']] })
    const said = expiry.digest(store.getReplica())
    expect(said).toMatchObject({ clock: {}, floor: 10_000, doubt: { eve: [[14_500, expect.any(String)]] } })
    right(await store.close())
    const again = await opened()
    expect(expiry.digest(again.getReplica())).toEqual(said)
    expect(ExpiryModel.toJSON(0)(again.getReplica().state)).toEqual({ young: 2 })
    expect(expiry.history()(again.getReplica())).toEqual(expiry.history()(store.getReplica()))
    right(await again.close())
  })

  test('W1: a file whose end is cut, wherever, is never sure of an update that it lacks', async () => {
    // rounds and pieces of rounds, of two sources that write events in turn
    const source = fc.constantFrom('a', 'b')
    const step = fc.record({ source, from: fc.nat(7), count: fc.nat(4), isRound: fc.boolean(), flush: fc.boolean() })
    const world = ['a', 'b'].flatMap((source) =>
      Array.from({ length: 8 }, (_, i): Update<Events.Change<number>> => [['n', i], 10 * i + 10, source]),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), fc.boolean(), async (steps, isCompacted) => {
        const disk = new SimulatedDisk()
        const store = right(await openFile(FILE, events, 'me', { disk })())
        for (const { source, from, count, isRound, flush } of steps) {
          const its = world.filter(([, , one]) => one === source)
          const upTo = Math.min(its.length, from + count)
          const { digest: asked } = events.open(store.getReplica())
          const whole = events.create('peer')
          const peer = events.applyUpdates(its.slice(0, upTo))(whole)
          if (isRound) {
            const [, answer] = events.reconcile({ digest: asked, updates: [] })(peer)
            if (answer._tag === 'Some') store.reconcile(answer.value)
          } else store.reconcile({ digest: { id: 'peer', clock: {} }, updates: its.slice(from, upTo) })
          if (flush) right(await store.flushed())
        }
        if (isCompacted) right(await store.compact())
        right(await store.close())
        const bytes = disk.contentOf(FILE)!
        const facts = events.digest(store.getReplica())
        for (let length = bytes.indexOf('"#') + 12; length <= bytes.length; length += 7) {
          const end = length + 7 > bytes.length ? bytes.length : length
          const cut = new SimulatedDisk(new Map([[FILE, bytes.subarray(0, end)]]))
          const again = right(await openFile(FILE, events, 'me', { disk: cut })())
          const { clock } = events.digest(again.getReplica())
          const held = events.history()(again.getReplica())
          const claimed = world.filter(([, at, of]) => at <= (clock[of] ?? 0))
          for (const update of claimed) expect(held).toContainEqual(update)
          if (end === bytes.length) expect(events.digest(again.getReplica())).toEqual(facts)
          right(await again.close())
        }
      }),
      { numRuns: overWire(40) },
    )
  })

  test('is that of a store that was opened on what it had: its own updates, until a peer has told all', async () => {
    const disk = new SimulatedDisk()
    const store = await open(disk)
    right(store.change(Model.set('a', 1)))
    expect(digest(store).doubt).toBeUndefined()
    right(await store.close())
    const again = await open(disk, sb, 'me', () => 6000)
    right(again.change(Model.set('b', 2)))
    expect(digest(again)).toMatchObject({ clock: { me: 5000 }, doubt: { me: [[6000, expect.any(String)]] } })
    again.reconcile({ ...round({ me: 5000 }), since: { clock: { me: 5000 } } })
    expect(digest(again)).toEqual({ id: 'me', clock: { me: 6000 } })
    right(await again.close())
    const last = await open(disk)
    expect(digest(last)).toEqual({ id: 'me', clock: { me: 6000 } })
    right(await last.close())
  })
})

describe('What a file store cannot read', () => {
  test('W2: survives reopening and compaction, and a newer program reads it', async () => {
    const disk = new SimulatedDisk()
    const unreadable: ReadonlyArray<Update<Change>> = [
      [['x', 'text'], 1000, 'ann'],
      [['y', [1]], 1001, 'ann'],
    ]
    const told = round({ ann: 1001 })
    const store = await open(disk, older)
    store.reconcile({ ...told, unread: unreadable })
    expect(store.unread()).toEqual(unreadable)
    right(await store.close())
    // a file of nothing else opens too
    const again = await open(disk, older)
    expect([again.unread(), read(again), digest(again)]).toEqual([unreadable, {}, { id: 'me', clock: { ann: 1001 } }])
    right(again.change(Model.set('n', 1)))
    right(await again.compact())
    right(await again.close())
    const third = await open(disk, older)
    expect([third.unread(), read(third)]).toEqual([unreadable, { n: 1 }])
    right(await third.close())
    const newer = await open(disk)
    expect([newer.unread(), read(newer)]).toEqual([[], { x: 'text', y: [1], n: 1 }])
    right(await newer.close())
    const last = await open(disk)
    expect(read(last)).toEqual({ x: 'text', y: [1], n: 1 })
    right(await last.close())
  })

  test('is not what a program of another type or version wrote: that is refused', async () => {
    const disk = new SimulatedDisk()
    right(await (await open(disk)).close())
    const second = scuttlebutt({ ...Model.of(t.unknown), version: '2' })
    const wrong = await openFile(FILE, second, 'me', { disk })()
    expect(wrong).toEqual({ _tag: 'Left', left: { _tag: 'OtherType', path: FILE, name: 'Model' } })
    const other = new SimulatedDisk()
    right(await right(await openFile(FILE, second, 'me', { disk: other })()).close())
    const back = await openFile(FILE, sb, 'me', { disk: other })()
    expect(back).toMatchObject({ left: { _tag: 'OtherType', name: 'Model', version: '2' } })
    if (back._tag === 'Left') expect(showFileError(back.left)).toBe('OtherType: /replica.sb, Model, 2')
  })
})

test('A file of 0.1 opens, sure of all that it has seen', async () => {
  const blocks: Buffer[] = []
  let seed = 0
  for (const lines of [
    '{"id":"me","clock":{"me":1001,"gone":500}}\n',
    '[["x",1],1000,"me"]\n[["y",2],1001,"me"]\n',
    '[["x",3],2000,"ann"]\n[["old",4],1500,"ben"]\n',
  ]) {
    const [block, next] = seal(lines, seed)
    blocks.push(block)
    seed = next
  }
  const disk = new SimulatedDisk(new Map([[FILE, Buffer.concat(blocks)]]))
  const store = await open(disk)
  expect(read(store)).toEqual({ x: 3, y: 2, old: 4 })
  expect(digest(store)).toEqual({ id: 'me', clock: { ann: 2000, ben: 1500, gone: 500, me: 1001 } })
  right(store.change(Model.set('z', 5)))
  right(await store.close())
  const again = await open(disk)
  expect(read(again)).toEqual({ x: 3, y: 2, old: 4, z: 5 })
  right(await again.close())
})

test('A reissue stays: what it took back does not return with the file', async () => {
  const disk = new SimulatedDisk()
  let now = 90_000
  const store = await open(disk, sb, 'phone', () => now)
  right(store.change(Model.set('x', 1)))
  right(await store.flushed())
  now = 1000
  const [update] = store.reissue('phone-2')
  right(await store.close())
  expect(textOf(disk)).toContain('{"id":"phone-2"')
  const again = await open(disk, sb, 'phone-2')
  expect(sb.history()(again.getReplica())).toEqual([update])
  expect(again.getReplica().clock.latest).toBeLessThan(2000)
  right(await again.close())
})
