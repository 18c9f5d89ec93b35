/** Libraries that stand on Yjs. */
import { getYjsDoc, syncedStore } from '@syncedstore/core'
import { applyAwarenessUpdate, Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness'
import { YKeyValue } from 'y-utility/y-keyvalue'
import * as Y from 'yjs'
import { key, numberOf, peer, range, type Adapter, type Edits, type Peer } from './peer.js'

interface OnDoc {
  readonly doc: Y.Doc
}

const open = (id: string): Y.Doc => Object.assign(new Y.Doc(), { clientID: numberOf(id) })

const bySteps = {
  send: (other: OnDoc) => (replica: OnDoc) => Y.encodeStateAsUpdate(replica.doc, Y.encodeStateVector(other.doc)),
  receive: (update: Uint8Array) => (replica: OnDoc) => {
    Y.applyUpdate(replica.doc, update)
  },
}

/** Compared when nobody has more to say: who receives may clean up, and has to tell that. */
const untilQuiet = {
  send: (other: OnDoc) => (replica: OnDoc) =>
    Y.equalSnapshots(Y.snapshot(replica.doc), Y.snapshot(other.doc)) ? undefined : bySteps.send(other)(replica),
  isWhole: false,
}

interface Pairs extends OnDoc {
  readonly pairs: YKeyValue<number>
}

const pairs = (edits: Edits<Pairs>): Adapter<Pairs, Uint8Array> => ({
  ...bySteps,
  ...untilQuiet,
  edits,
  create: (id) => {
    const doc = open(id)
    return { doc, pairs: new YKeyValue(doc.getArray('pairs')) }
  },
  show: ({ pairs }) => ['x', 'y', 'z'].map((name) => [pairs.has(name), pairs.get(name)]),
})

const onePair: Edits<Pairs> = {
  set({ pairs }, a, b) {
    pairs.set(key(a), b)
  },
  delete({ pairs }, a) {
    pairs.delete(key(a))
  },
}

const manyPairs: Edits<Pairs> = {
  ...onePair,
  setTwice({ doc, pairs }, a, b) {
    doc.transact(() => {
      pairs.set(key(a), b)
      pairs.set(key(a), b + 1)
    })
  },
}

const awareness: Adapter<Awareness, Uint8Array> = {
  edits: {
    setField(one, a, b) {
      one.setLocalStateField(key(a), b)
    },
    deleteState(one) {
      one.setLocalState(null)
    },
    setState(one, a, b) {
      one.setLocalState({ [key(a)]: b })
    },
  },
  create: (id) => {
    const one = new Awareness(open(id))
    // no timer: nobody is taken to have left
    clearInterval(one._checkInterval as NodeJS.Timeout)
    return one
  },
  send: () => (one) => encodeAwarenessUpdate(one, [...one.meta.keys()]),
  receive: (update) => (one) => {
    applyAwarenessUpdate(one, update, 'peer')
  },
  // a replica begins with an empty state of its own, which peers ignore
  show: (one) =>
    [...one.getStates().entries()].filter(([, state]) => Object.keys(state).length > 0).sort(([a], [b]) => a - b),
}

interface Item {
  done?: boolean
  tags?: string[]
}

const openSynced = (id: string) => {
  const shape: { items: Item[]; map: Record<string, number> } = { items: [], map: {} }
  const store = syncedStore(shape)
  const doc = getYjsDoc(store)
  doc.clientID = numberOf(id)
  return { doc, store }
}

const synced: Adapter<ReturnType<typeof openSynced>, Uint8Array> = {
  ...bySteps,
  edits: {
    push: ({ store }, a) => store.items.push({ done: a % 2 === 0, tags: [key(a)] }),
    deleteItem: ({ store }, a, b) => store.items.splice(...range(store.items.length, a, b)),
    finish: ({ store }, a) => Object.assign(store.items[a % store.items.length] ?? {}, { done: true }),
    tag: ({ store }, a, b) => store.items[a % store.items.length]?.tags?.push(key(b)),
    set: ({ store }, a, b) => (store.map[key(a)] = b),
    delete({ store }, a) {
      if (key(a) in store.map) Reflect.deleteProperty(store.map, key(a))
    },
  },
  create: openSynced,
  show: ({ store }) => JSON.parse(JSON.stringify(store)) as unknown,
}

export const onYjs: ReadonlyArray<Peer> = [
  peer(
    {
      library: 'y-utility',
      type: 'YKeyValue, a key at a time',
      promise: '"a more efficient key-value store" than Y.Map; replicas agree as those of Yjs do (README)',
    },
    pairs(onePair),
  ),
  peer(
    {
      library: 'y-utility',
      type: 'YKeyValue, a key twice in a transaction',
      promise: 'the same',
      script: 'y-utility-key-set-twice',
    },
    pairs(manyPairs),
  ),
  peer(
    {
      library: 'y-protocols',
      type: 'awareness',
      promise: '"overwrites the clients state if the received state is newer" (README)',
    },
    awareness,
  ),
  peer(
    { library: '@syncedstore/core', type: 'arrays and objects', promise: 'replicas agree as those of Yjs do (README)' },
    synced,
  ),
]
