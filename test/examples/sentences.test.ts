/** Sentences of the READMEs that are about behaviour, each held by a test. */
import { once } from 'node:events'
import net from 'node:net'
import { createNextState, original } from '@reduxjs/toolkit'
import * as fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { createStore, type Store } from '../../src/adapters/store.js'
import { createStream, type StreamOptions } from '../../src/adapters/stream.js'
import { toWebStreams } from '../../src/adapters/web.js'
import {
  AppendOnly,
  Doc,
  Events,
  ExpiryModel,
  Model,
  RArray,
  REdit,
  Replay,
  Scuttlebucket,
  scuttlebutt,
  unwrap,
  type Command,
  type DataType,
  type Maker,
  type Replica,
} from '../../src/index.js'
import { checkReplicas } from '../../src/laws/index.js'
import { familyOf } from '../original/original.js'

/** A data type, and what is done in turn. */
interface Kind {
  readonly dataType: DataType<unknown, unknown>
  readonly command: (i: number) => Command<unknown, unknown, unknown>
}

const kind = <S, C>(dataType: DataType<S, C>, command: (i: number) => Command<S, C, unknown>): Kind =>
  ({ dataType, command }) as unknown as Kind

const key = (i: number): string => `k${String(i % 7)}`

const todo = Doc.seq('list', 'todo')

const KINDS: Readonly<Record<string, Kind>> = {
  Model: kind(Model.of(t.number), (i) => (i % 5 === 0 ? Model.remove(key(i)) : Model.set(key(i), i))),
  Events: kind(Events.of(t.number), (i) => Events.emit(key(i), i)),
  AppendOnly: kind(AppendOnly.of(t.number), (i) => (state, stamp) => {
    const [first] = AppendOnly.items(state)
    return i % 4 > 0 || first === undefined
      ? { _tag: 'Right', right: AppendOnly.push(i) }
      : AppendOnly.remove(first.id)(state, stamp)
  }),
  RArray: kind(RArray.of(t.number), (i) => (i % 4 > 0 ? RArray.push(i, i) : RArray.splice(0, i > 4 ? 1 : 0, i))),
  REdit: kind(REdit, (i) => REdit.text(`first\n${String(i)}\n${'more\n'.repeat(i % 3)}`)),
  Doc: kind(Doc.of(t.union([t.string, t.number])), (i) =>
    i % 3 > 0 ? todo.push({ id: key(i), n: i }) : todo.unshift({ id: key(i), [key(i)]: i }),
  ),
  ExpiryModel: kind(ExpiryModel.of(t.unknown, { maxAge: 20, max: 4 }), (i) =>
    ExpiryModel.set(key(i), i % 2 > 0 ? { a: i, [key(3 * i)]: 1 } : i),
  ),
  Replay: kind(
    Replay.of((sum, n) => ((sum * 2) % 1009) + n, 0, t.number),
    (i) => Replay.dispatch(i),
  ),
  Scuttlebucket: kind(Scuttlebucket.of({ model: Model.of(t.number), list: RArray.of(t.number) }), (i) =>
    i % 2 > 0
      ? Scuttlebucket.at('model')(Model.set(key(i), i))
      : (Scuttlebucket.at('list')(RArray.push(i)) as Command<unknown, never, unknown>),
  ),
}

type AnyReplica = Replica<unknown, unknown>

const throughJson = <A>(value: A): A => JSON.parse(JSON.stringify(value)) as A

const CLONES: Readonly<Record<string, (replica: AnyReplica) => AnyReplica>> = {
  'a structuredClone': (replica) => structuredClone(replica),
  'a JSON clone': throughJson,
  'a replica that Immer froze': (replica) =>
    createNextState({ replica, n: 0 }, (draft) => {
      draft.n = JSON.stringify(draft.replica.state).length
    }).replica,
}

const cases = Object.keys(KINDS).flatMap((name) => Object.keys(CLONES).map((clone) => [clone, name] as const))

const after = (kind: Kind, replica: AnyReplica, from: number, count: number): AnyReplica => {
  const { change } = scuttlebutt(kind.dataType)
  let next = replica
  for (let i = from; i < from + count; i++) next = unwrap(change(kind.command(i), 1000 + i)(next))[1]
  return next
}

describe('A replica is plain data', () => {
  test.each(cases)('%s of %s goes on as the replica does', (clone, name) => {
    const one = KINDS[name]!
    const { create, applyUpdates, digest, history, merge, prune, reconcile } = scuttlebutt(one.dataType)
    const replica = after(one, create('ann'), 0, 40)
    const peer = after(one, merge(replica)(create('ben')), 40, 20)
    const lacked = history(digest(replica).clock)(peer)
    const outcomes = (given: AnyReplica): ReadonlyArray<unknown> => {
      const store = createStore(scuttlebutt(one.dataType), 'ann', { replica: given, now: () => 1100 })
      unwrap(store.change(one.command(1)))
      store.apply(lacked)
      const [reconciled, answer] = reconcile({ digest: digest(peer), updates: lacked })(given)
      const replicas = [
        given,
        after(one, given, 60, 20),
        applyUpdates(lacked)(given),
        reconciled,
        merge(given)(peer),
        merge(peer)(given),
        prune(1035)(given),
        prune(9000)(given),
        store.getReplica(),
      ]
      return [answer, ...replicas.map((each) => [one.dataType.toJSON!(each.state), digest(each), history()(each)])]
    }
    expect(outcomes(CLONES[clone]!(replica))).toEqual(outcomes(replica))
  })

  test('an Immer state holds a replica, and the next one is assigned', () => {
    const { create, applyUpdate } = scuttlebutt(Model.of(t.number))
    const state = { replica: create('ann'), seen: 0 }
    const next = createNextState(state, (draft) => {
      draft.seen++
      draft.replica = applyUpdate([['x', 1], 1000, 'ben'])(original(draft).replica) as typeof draft.replica
    })
    expect(Model.toJSON(next.replica.state)).toEqual({ x: 1 })
    expect(Model.toJSON(state.replica.state)).toEqual({})
    const same = createNextState(next, (draft) => {
      draft.replica = applyUpdate([['x', 1], 1000, 'ben'])(original(draft).replica) as typeof draft.replica
    })
    expect(same).toBe(next)
  })

  test('original works once in a reducer: it throws on a replica that the reducer has assigned', () => {
    const { create, applyUpdate } = scuttlebutt(Model.of(t.number))
    createNextState({ replica: create('ann') }, (draft) => {
      draft.replica = applyUpdate([['x', 1], 1000, 'ben'])(original(draft.replica)) as typeof draft.replica
      expect(() => original(draft.replica)).toThrow()
    })
  })

  test.each([structuredClone, throughJson])('the toJSON of the bucket module throws on a clone by %o', (clone) => {
    const dataType = Scuttlebucket.of({ model: Model.of(t.number) })
    const { create, change } = scuttlebutt(dataType)
    const [, { state }] = unwrap(change(Scuttlebucket.at('model')(Model.set('x', 1)), 1000)(create('ann')))
    expect(() => Scuttlebucket.toJSON(clone(state))).toThrow(TypeError)
    expect(dataType.toJSON(clone(state))).toEqual({ model: { x: 1 } })
  })

  test('JSON turns an infinite limit of an ExpiryModel into null, which forgets', () => {
    const { create, change } = scuttlebutt(ExpiryModel.of(t.number, { maxAge: Infinity }))
    const [, { state }] = unwrap(change(ExpiryModel.set('x', 1), 1000)(create('ann')))
    expect(ExpiryModel.keys(2000)(state)).toEqual(['x'])
    expect(ExpiryModel.keys(2000)(structuredClone(state))).toEqual(['x'])
    expect(ExpiryModel.keys(2000)(throughJson(state))).toEqual([])
  })
})

const model = scuttlebutt(Model.of(t.number))

/** The transition of a type whose state is the last change to arrive. */
const keep: DataType<number, number>['apply'] = (updates) => () => ({ state: updates.at(-1)![0], superseded: [] })

/** Counts who listens. */
const counted = (
  id: string,
): readonly [store: Store<Model.State<number>, Model.Change<number>>, listeners: () => number] => {
  const store = createStore(model, id)
  const listeners = new Set<object>()
  const subscribe: typeof store.subscribe = (listener) => {
    const unsubscribe = store.subscribe(listener)
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
      unsubscribe()
    }
  }
  return [{ ...store, subscribe }, () => listeners.size]
}

const connected = async (options: StreamOptions = {}) => {
  const [[ann, ofAnn], [ben, ofBen]] = [counted('ann'), counted('ben')]
  const server = net.createServer().listen(0)
  await once(server, 'listening')
  const socket = net.connect((server.address() as net.AddressInfo).port)
  const [far] = (await once(server, 'connection')) as [net.Socket]
  server.close()
  const [mine, theirs] = [createStream(ben, options), createStream(ann)]
  socket.pipe(mine).pipe(socket)
  far.pipe(theirs).pipe(far)
  const synced = once(mine, 'sync')
  const all = [socket, far, mine, theirs]
  const closed = Promise.all(all.map((each) => once(each, 'close')))
  return { ann, ben, socket, far, mine, theirs, synced, closed, listeners: () => ofAnn() + ofBen() }
}

describe('To stop a stream', () => {
  test.each(['mine', 'theirs'] as const)('end it and let its socket run dry: %s', async (side) => {
    const { ann, ben, synced, closed, listeners, socket, far, ...streams } = await connected()
    await synced
    for (let i = 0; i < 1000; i++) {
      unwrap(ben.change(Model.set(`ben ${String(i)}`, i)))
      unwrap(ann.change(Model.set(`ann ${String(i)}`, i)))
    }
    expect(listeners()).toBe(2)
    const ended = side === 'mine' ? socket : far
    streams[side].once('close', () => ended.resume())
    streams[side].end()
    await closed
    expect(listeners()).toBe(0)
    expect(Model.size((side === 'mine' ? ann : ben).getReplica().state)).toBe(2000)
  })

  test('tail: false ends it after the sync', async () => {
    const { closed, listeners } = await connected({ tail: false })
    await closed
    expect(listeners()).toBe(0)
  })

  test('destroying it leaves the socket open, and destroying that closes the rest', async () => {
    const { synced, closed, listeners, mine, socket, far } = await connected()
    far.on('error', () => undefined) // ECONNRESET, or none
    await synced
    mine.destroy()
    await once(mine, 'close')
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect([socket.closed, far.closed, listeners()]).toEqual([false, false, 1])
    socket.destroy()
    await closed
    expect(listeners()).toBe(0)
  })

  test('aborting the pipes of web streams lets go of the stores', async () => {
    const [[ann, ofAnn], [ben, ofBen]] = [counted('ann'), counted('ben')]
    const [left, right] = [toWebStreams(ann), toWebStreams(ben)]
    const controller = new AbortController()
    const { signal } = controller
    const pipes = [left.readable.pipeTo(right.writable, { signal }), right.readable.pipeTo(left.writable, { signal })]
    expect([ofAnn(), ofBen()]).toEqual([1, 1])
    controller.abort()
    await Promise.allSettled(pipes)
    expect([ofAnn(), ofBen()]).toEqual([0, 0])
  })
})

describe('A data type that throws', () => {
  const apply: DataType<number, number>['apply'] = () => () => {
    throw new Error('a bug')
  }
  const faulty = scuttlebutt({ name: 'faulty', change: t.number, empty: 0, apply })
  const [ann, ben] = [createStore(faulty, 'ann'), createStore(scuttlebutt({ ...faulty.dataType, apply: keep }), 'ben')]

  test('throws out of a local change and out of the apply of a store', () => {
    expect(() => faulty.change(1, 1000)(faulty.create('ann'))).toThrow('a bug')
    expect(() => ann.change(1)).toThrow('a bug')
    expect(() => {
      ann.apply([[1, 1000, 'ben']])
    }).toThrow('a bug')
  })

  test('gives Failed while it takes the updates of a peer', async () => {
    unwrap(ben.change(1))
    const [left, right] = [createStream(ann), createStream(ben)]
    const rejected = once(left, 'rejection')
    left.pipe(right).pipe(left)
    expect(await rejected).toEqual([{ _tag: 'Failed', at: '', reason: 'Error: a bug' }])
    left.destroy()
    right.destroy()
  })
})

describe('The kit compares what is shown', () => {
  /** Whether two replicas that show these differ, by the kit. */
  const differ = (one: unknown, other: unknown): boolean => {
    const checked = checkReplicas({
      create: (id) => ({ id, heard: new Set<number>() }),
      command: fc.nat(3),
      local:
        (n) =>
        ({ heard }) =>
          void heard.add(n),
      send:
        () =>
        ({ heard }) => [...heard],
      receive:
        (told) =>
        ({ heard }) => {
          for (const n of told) heard.add(n)
        },
      show: ({ id, heard }) => [[...heard].sort(), id === 'a' ? one : other],
      seed: 1,
      runs: 20,
    })
    return checked._tag === 'Left'
  }

  test.each([
    ['not the order of keys in JSON', { a: 1, b: 2 }, { b: 2, a: 1 }, false],
    ['the order of an array', [1, 2], [2, 1], true],
    ['the order within a Set', new Set([1, 2]), new Set([2, 1]), true],
    [
      'the order within a Map',
      new Map([
        [1, 1],
        [2, 2],
      ]),
      new Map([
        [2, 2],
        [1, 1],
      ]),
      true,
    ],
    ['the order of keys beside a Set', { a: 1, b: new Set() }, { b: new Set(), a: 1 }, true],
  ])('%s counts', (_, one, other, counts) => {
    expect(differ(one, other)).toBe(counts)
  })
})

/** How many updates the log holds after a hundred rounds of commands. */
const held = <S, C>(
  dataType: DataType<S, C>,
  ...round: ReadonlyArray<(i: number) => Command<S, C, unknown>>
): number => {
  const { create, change, history } = scuttlebutt(dataType)
  let replica = create('ann')
  for (let i = 0; i < 100; i++) {
    for (const [j, command] of round.entries()) replica = unwrap(change(command(i), 1000 + 10 * i + j)(replica))[1]
  }
  expect(history()(replica).length).toBe(replica.log.size)
  return replica.log.size
}

const named = (i: number): string => `n${String(i)}`

describe('What grows', () => {
  test('the clock has an entry for every source, and prune drops those whose updates have lapsed', () => {
    const { create, applyUpdate, digest, prune } = scuttlebutt(ExpiryModel.of(t.number, { maxAge: 10 }))
    let replica = create('ann')
    for (let i = 1; i <= 100; i++) replica = applyUpdate([['x', i], i, named(i)])(replica)
    expect(Object.keys(digest(replica).clock).length).toBe(100)
    expect(Object.keys(digest(prune(105)(replica)).clock).length).toBe(5)
  })

  test('a Model holds one update for every key ever written', () => {
    const set = (i: number) => Model.set(named(i), i)
    expect(held(Model.of(t.number), (i) => Model.set('x', i))).toBe(1)
    expect(held(Model.of(t.number), set, (i) => Model.remove(named(i)))).toBe(100)
  })

  test('Events and Replay hold everything', () => {
    expect(held(Events.of(t.number), (i) => Events.emit('x', i))).toBe(100)
    expect(
      held(
        Replay.of((sum, n) => sum + n, 0, t.number),
        (i) => Replay.dispatch(i),
      ),
    ).toBe(100)
  })

  test('AppendOnly holds every item, or its removal', () => {
    const feed = AppendOnly.of(t.number)
    const removeFirst: Maker<AppendOnly.State<number>, AppendOnly.Change<number>, unknown> = (state, stamp) =>
      AppendOnly.remove(AppendOnly.items(state)[0]!.id)(state, stamp)
    expect(held(feed, (i) => AppendOnly.push(i))).toBe(100)
    expect(
      held(
        feed,
        (i) => AppendOnly.push(i),
        () => removeFirst,
      ),
    ).toBe(100)
  })

  test('RArray and REdit hold what was removed, and not what was set anew', () => {
    const list = RArray.of(t.number)
    expect(
      held(
        list,
        (i) => RArray.push(i),
        () => RArray.pop(),
      ),
    ).toBe(100)
    expect(held(list, (i) => (i === 0 ? RArray.push(i) : RArray.set(0, i)))).toBe(1)
    expect(
      held(
        REdit,
        () => REdit.text('one\ntwo\n'),
        () => REdit.text(''),
      ),
    ).toBe(100)
    expect(held(REdit, (i) => REdit.text(named(i)))).toBe(1)
  })

  test('Doc holds the last update of each field, and the removal of each row', () => {
    const doc = Doc.of(t.number)
    expect(held(doc, (i) => Doc.set('row', { field: i }))).toBe(1)
    expect(held(doc, (i) => Doc.set('row', { [named(i)]: i }))).toBe(100)
    expect(
      held(
        doc,
        (i) => Doc.set(named(i), { field: i }),
        (i) => Doc.remove(named(i)),
      ),
    ).toBe(100)
    expect(
      held(
        doc,
        (i) => Doc.set('row', { field: i }),
        () => Doc.remove('row'),
      ),
    ).toBe(1)
  })

  test('ExpiryModel holds at most max keys, each with its fields', () => {
    expect(held(ExpiryModel.of(t.number, { max: 10 }), (i) => ExpiryModel.set(named(i), i))).toBe(10)
    expect(held(ExpiryModel.of(t.unknown, { max: 10 }), (i) => ExpiryModel.set('x', { [named(i)]: i }))).toBe(100)
  })

  test('Scuttlebucket holds all updates for parts that it does not know', () => {
    const { create, applyUpdates } = scuttlebutt(Scuttlebucket.of({ known: Model.of(t.number) }))
    const updates = Array.from({ length: 100 }, (_, i) => [['unknown', ['x', i]], 1000 + i, 'ben'] as never)
    expect(applyUpdates(updates)(create('ann')).log.size).toBe(100)
  })
})

describe('Differences from scuttlebutt', () => {
  const family = familyOf('5.6.15')

  test('keys come in UTF-16 code unit order, there in the order of writing', () => {
    const [theirs, store] = [family.model('ben'), createStore(model, 'ann')]
    for (const name of ['b', 'é', 'a', 'B']) {
      theirs.set(name, 1)
      unwrap(store.change(Model.set(name, 1)))
    }
    expect(Object.keys(theirs.toJSON())).toEqual(['b', 'é', 'a', 'B'])
    expect(Model.keys(store.getReplica().state)).toEqual(['B', 'a', 'b', 'é'])
  })

  test('a value and an appended item are frozen copies, there the object of the caller', () => {
    const [theirs, value] = [family.model('ben'), { n: 1 }]
    const values = createStore(scuttlebutt(Model.of(t.type({ n: t.number }))), 'ann')
    const feed = createStore(scuttlebutt(AppendOnly.of(t.type({ n: t.number }))), 'ann')
    theirs.set('x', value)
    unwrap(values.change(Model.set('x', value)))
    unwrap(feed.change(AppendOnly.push(value)))
    value.n = 2
    expect(theirs.toJSON()).toEqual({ x: { n: 2 } })
    expect(Model.toJSON(values.getReplica().state)).toEqual({ x: { n: 1 } })
    const [item] = AppendOnly.toJSON(feed.getReplica().state)
    expect(item).toEqual({ n: 1 })
    expect(Object.isFrozen(item)).toBe(true)
  })

  test('events have a toJSON, in total order', () => {
    const theirs: { readonly toJSON?: unknown } = family.events('ben')
    expect(theirs.toJSON).toBeUndefined()
    const { create, applyUpdates } = scuttlebutt(Events.of(t.number))
    const { state } = applyUpdates([
      [['b', 2], 2000, 'ben'],
      [['a', 1], 1000, 'ann'],
    ])(create('cy'))
    expect(Events.toJSON(state)).toEqual([
      ['a', 1],
      ['b', 2],
    ])
  })
})
