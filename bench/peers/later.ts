/** Libraries that answer later: by promises, or in a later turn of the event loop. */
import { Log, MemoryStore, type Action, type AnyAction, type Meta } from '@logux/core'
import type { Content, MergeableStore } from 'tinybase'
import { createCustomSynchronizer, type Receive } from 'tinybase/synchronizers'
import { proxy, snapshot } from 'valtio/vanilla'
import { bind } from 'valtio-yjs'
import * as Y from 'yjs'
import { atTime, key, numberOf, peerLater, range, turns, type AdapterLater, type Edits, type Peer } from './peer.js'
import { edits as tinybaseEdits, open as openTinybase, type Replica as Tinybase } from './tinybase.js'

/** Two stores joined by two synchronizers, until both have nothing more to say. */
const synchronize = async (stores: readonly [MergeableStore, MergeableStore]): Promise<void> => {
  const receives: Receive[] = []
  let said = 0
  const synchronizers = stores.map((store, i) =>
    createCustomSynchronizer(
      store,
      (_to, request, message, body) => {
        said++
        receives[1 - i]?.(`client ${String(i)}`, request, message, structuredClone(body))
      },
      (receive) => {
        receives[i] = receive
      },
      () => undefined,
      1,
    ),
  )
  // each waits for the other's answer
  await Promise.all(synchronizers.map((one) => one.startSync()))
  for (let before = -1; before !== said;) {
    before = said
    await turns(3)
  }
  for (const one of synchronizers) await one.destroy()
}

const hash = ({ store }: Tinybase): unknown => store.getMergeableContentHashes()

/** Replicas meet: a message is the other replica itself. */
const bySynchronizers = (hasSchema: boolean): AdapterLater<Tinybase, () => Tinybase> => ({
  edits: tinybaseEdits,
  create: (id) => openTinybase(id, hasSchema),
  send: (other) => (replica) => (String(hash(other)) === String(hash(replica)) ? undefined : () => replica),
  receive:
    (other, { now }) =>
    async (replica) => {
      replica.now = now
      await synchronize([replica.store, other().store])
    },
  // it brings also what the other has heard since
  isWhole: false,
  show: ({ store }): Content => store.getContent(),
})

interface Bound {
  readonly doc: Y.Doc
  readonly map: Record<string, unknown>
  readonly list: number[]
}

const bound = (id: string): Bound => {
  const doc = Object.assign(new Y.Doc(), { clientID: numberOf(id) })
  const replica = { doc, map: proxy<Record<string, unknown>>({}), list: proxy<number[]>([]) }
  bind(replica.map, doc.getMap('map'))
  bind(replica.list, doc.getArray('list'))
  return replica
}

const boundEdits: Edits<Bound> = {
  set: ({ map }, a, b) => (map[key(a)] = b),
  setObject: ({ map }, a, b) => (map[key(a)] = { k: b }),
  setWithin({ map }, a, b) {
    const held = map[key(a)]
    if (typeof held === 'object' && held !== null) (held as Record<string, unknown>)['k'] = b
  },
  delete: ({ map }, a) => Reflect.deleteProperty(map, key(a)),
  insert: ({ list }, a, b) => list.splice(a % (list.length + 1), 0, b),
  setItem({ list }, a, b) {
    if (list.length > 0) list[a % list.length] = b
  },
  deleteItems: ({ list }, a, b) => list.splice(...range(list.length, a, b + 1)),
}

/** Shown as the proxies are; the document must show the same. */
const byProxies: AdapterLater<Bound, Uint8Array> = {
  edits: boundEdits,
  create: bound,
  settles: () => turns(1),
  send: (other) => (replica) => Y.encodeStateAsUpdate(replica.doc, Y.encodeStateVector(other.doc)),
  receive: (update) => async (replica) => {
    Y.applyUpdate(replica.doc, update)
    await turns(1)
  },
  show: ({ map, list }) => [snapshot(map), snapshot(list)],
  same: { document: ({ doc }) => [doc.getMap('map').toJSON(), doc.getArray('list').toJSON()] },
}

type Entry = readonly [action: Action, meta: Pick<Meta, 'id' | 'time' | 'reasons'>]

type Logux = Log<Meta>

const entriesOf = async (log: Logux): Promise<ReadonlyArray<Entry>> => {
  const entries: Entry[] = []
  await log.each({ order: 'created' }, (action, { id, time, reasons }) => {
    entries.push([action, { id, time, reasons: [...reasons] }])
  })
  return entries.reverse()
}

const byEntries: AdapterLater<Logux, ReadonlyArray<Entry>> = {
  edits: {
    add: (log, a, b, now) => {
      const id = atTime(now, () => log.generateId())
      return log.add<AnyAction>({ type: key(a), value: b }, { id, reasons: ['kept'] })
    },
  },
  create: (id) => new Log({ nodeId: `node:${String(numberOf(id))}`, store: new MemoryStore() }),
  send: () => entriesOf,
  receive: (entries) => async (log) => {
    for (const [action, meta] of entries) await log.add(action, { ...meta, reasons: [...meta.reasons] })
  },
  show: async (log) => (await entriesOf(log)).map(([action, { id }]) => [id, action]),
}

export const later: ReadonlyArray<Peer> = [
  peerLater(
    {
      library: 'tinybase',
      type: 'no schema, two synchronizers that meet',
      promise: 'the same',
    },
    bySynchronizers(false),
  ),
  peerLater(
    {
      library: 'tinybase',
      type: 'a schema with a default, two synchronizers that meet',
      promise: 'the same',
      script: 'tinybase-default-of-deleted-row',
    },
    bySynchronizers(true),
  ),
  peerLater(
    {
      library: 'valtio-yjs',
      type: 'a map and an array, by state vectors',
      promise: '"makes yjs state easy": what the proxies show is what the document holds (README)',
    },
    byProxies,
  ),
  peerLater(
    {
      library: '@logux/core',
      type: 'a log, its entries',
      promise: 'actions have the same order on all machines (logux.org/guide/concepts/action)',
    },
    byEntries,
  ),
]
