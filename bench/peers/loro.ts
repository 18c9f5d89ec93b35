/** Loro: containers in a document, undo, and ephemeral state. */
import { EphemeralStore, LoroDoc, LoroMap, UndoManager, type LoroMovableList } from 'loro-crdt'
import { atTime, key, numberOf, peer, range, word, type Adapter, type Edits, type Peer } from './peer.js'

const open = (id: string): LoroDoc => {
  const doc = new LoroDoc()
  doc.setPeerId(BigInt(numberOf(id)))
  doc.configTextStyle({ b: { expand: 'after' }, i: { expand: 'none' } })
  return doc
}

const value = (n: number): number | string | boolean => [n, 'a', true, -n][n % 4]!

const map: Edits<LoroDoc> = {
  set(doc, a, b) {
    doc.getMap('map').set(key(a), value(b))
  },
  delete(doc, a) {
    doc.getMap('map').delete(key(a))
  },
}

const list: Edits<LoroDoc> = {
  insert(doc, a, b) {
    const list = doc.getList('list')
    list.insert(a % (list.length + 1), value(b))
  },
  deleteItems(doc, a, b) {
    const list = doc.getList('list')
    list.delete(...range(list.length, a, b + 1))
  },
}

const within = (list: LoroMovableList, n: number): number => n % list.length

const movable: Edits<LoroDoc> = {
  add(doc, a, b) {
    const list = doc.getMovableList('movable')
    list.insert(a % (list.length + 1), value(b))
  },
  move(doc, a, b) {
    const list = doc.getMovableList('movable')
    if (list.length > 0) list.move(within(list, a), within(list, b))
  },
  replace(doc, a, b) {
    const list = doc.getMovableList('movable')
    if (list.length > 0) list.set(within(list, a), value(b))
  },
  deleteMovable(doc, a, b) {
    const list = doc.getMovableList('movable')
    list.delete(...range(list.length, a, b + 1))
  },
}

const text: Edits<LoroDoc> = {
  type(doc, a, b) {
    const text = doc.getText('text')
    text.insert(a % (text.length + 1), word(b))
  },
  mark(doc, a, b) {
    const text = doc.getText('text')
    const [start, count] = range(text.length, a, b + 1)
    if (count > 0) text.mark({ start, end: start + count }, a % 2 === 0 ? 'b' : 'i', true)
  },
  unmark(doc, a, b) {
    const text = doc.getText('text')
    const [start, count] = range(text.length, a, b + 1)
    if (count > 0) text.unmark({ start, end: start + count }, a % 2 === 0 ? 'b' : 'i')
  },
  deleteText(doc, a, b) {
    const text = doc.getText('text')
    text.delete(...range(text.length, a, b + 1))
  },
}

/** The living nodes of the tree, in the order shown. */
const nodes = (doc: LoroDoc) => doc.getTree('tree').getNodes({ withDeleted: false })

const tree: Edits<LoroDoc> = {
  plant(doc, a, b) {
    const [parent] = nodes(doc).slice(a)
    const made = parent === undefined ? doc.getTree('tree').createNode() : parent.createNode()
    made.data.set('n', b)
  },
  moveNode(doc, a, b) {
    const living = nodes(doc)
    const [node, parent] = [living[a % living.length], living[b % living.length]]
    if (node === undefined || parent === undefined) return
    try {
      node.move(parent)
    } catch (error) {
      if (!String(error).includes('Cycle move')) throw error
    }
  },
  deleteNode(doc, a) {
    const living = nodes(doc)
    const node = living[a % living.length]
    if (node !== undefined) doc.getTree('tree').delete(node.id)
  },
}

const counter: Edits<LoroDoc> = {
  count(doc, a, b) {
    doc.getCounter('counter').increment(a - b)
  },
}

const nested: Edits<LoroDoc> = {
  ...map,
  nest(doc, a, b) {
    doc.getMap('map').setContainer(key(a), new LoroMap()).set('k', b)
  },
  ensure(doc, a, b) {
    doc
      .getMap('map')
      .ensureMergeableMap(`m${key(a)}`)
      .set(key(b), b)
  },
  bytes(doc, a, b) {
    doc.getMap('map').set(key(a), new Uint8Array([b]))
  },
}

/** All values; texts with their marks. A root is there as soon as somebody looks at it. */
const show = (doc: LoroDoc): unknown => [
  doc.getMap('map').toJSON(),
  doc.getList('list').toJSON(),
  doc.getMovableList('movable').toJSON(),
  doc.getText('text').toDelta(),
  doc.getTree('tree').toJSON(),
  doc.getCounter('counter').value,
]

const imported = (bytes: Uint8Array): LoroDoc => {
  const doc = open('other')
  doc.import(bytes)
  return doc
}

const byJson = (doc: LoroDoc): LoroDoc => {
  const other = open('other')
  other.importJsonUpdates(doc.exportJsonUpdates())
  return other
}

const anyWay: NonNullable<Adapter<LoroDoc, Uint8Array>['same']> = {
  snapshot: (doc) => show(imported(doc.export({ mode: 'snapshot' }))),
  fork: (doc) => show(doc.fork()),
  'checkout of the start and back': (doc) => {
    doc.checkout([])
    doc.checkoutToLatest()
    return show(doc)
  },
}

const byUpdates = (edits: Edits<LoroDoc>, same = anyWay): Adapter<LoroDoc, Uint8Array> => ({
  edits: committing(edits),
  create: open,
  send: (other) => (doc) => doc.export({ mode: 'update', from: other.version() }),
  receive: (update) => (doc) => {
    doc.import(update)
  },
  save: (doc) => doc.export({ mode: 'snapshot' }),
  load: (saved, id) => {
    const doc = open(id)
    doc.import(saved as Uint8Array)
    return doc
  },
  show,
  same,
})

const committing = (edits: Edits<LoroDoc>): Edits<LoroDoc> =>
  Object.fromEntries(
    Object.entries(edits).map(([name, edit]) => [
      name,
      (doc, ...how) => {
        edit(doc, ...how)
        doc.commit()
      },
    ]),
  )

interface Telling {
  readonly doc: LoroDoc
  readonly untold: Uint8Array[]
}

/** Replicas broadcast each update, which arrives in any order and more than once. */
const single = (edits: Edits<LoroDoc>): Adapter<Telling, ReadonlyArray<Uint8Array>> => ({
  edits: Object.fromEntries(
    Object.entries(committing(edits)).map(([name, edit]) => [name, ({ doc }, ...how) => edit(doc, ...how)]),
  ),
  create: (id) => {
    const replica: Telling = { doc: open(id), untold: [] }
    replica.doc.subscribeLocalUpdates((update) => replica.untold.push(update))
    return replica
  },
  told: ({ untold }) => untold.splice(0),
  receive:
    (updates) =>
    ({ doc }) => {
      if (updates.length > 0) doc.importBatch([...updates])
    },
  show: ({ doc }) => show(doc),
})

interface Undoing {
  readonly doc: LoroDoc
  readonly manager: UndoManager
}

const undoing = (edits: Edits<LoroDoc>): Adapter<Undoing, Uint8Array> => ({
  edits: {
    ...Object.fromEntries(
      Object.entries(committing(edits)).map(([name, edit]) => [name, ({ doc }: Undoing, ...how) => edit(doc, ...how)]),
    ),
    undo: ({ manager }) => manager.undo(),
    redo: ({ manager }) => manager.redo(),
  },
  create: (id) => {
    const doc = open(id)
    return { doc, manager: new UndoManager(doc, { mergeInterval: 0 }) }
  },
  send:
    (other) =>
    ({ doc }) =>
      doc.export({ mode: 'update', from: other.doc.version() }),
  receive:
    (update) =>
    ({ doc }) => {
      doc.import(update)
    },
  show: ({ doc }) => show(doc),
})

/** The wall clocks of replicas start here, since entries of 1970 would have lapsed. */
const START = Date.now()

const ephemeral: Adapter<EphemeralStore, Uint8Array> = {
  edits: {
    set(store, a, b, now) {
      atTime(START + now, () => {
        store.set(key(a), b)
      })
    },
    delete(store, a, _, now) {
      atTime(START + now, () => {
        store.delete(key(a))
      })
    },
  },
  create: () => new EphemeralStore(1e9),
  send: () => (store) => store.encodeAll(),
  receive:
    (update, { now }) =>
    (store) => {
      atTime(START + now, () => {
        store.apply(update)
      })
    },
  show: (store) => store.getAllStates(),
}

const about = (type: string, script?: string): Omit<Peer, 'check'> => ({
  library: 'loro-crdt',
  type,
  promise: 'replicas that imported the same updates have "the same state" (README)',
  ...(script !== undefined && { script }),
})

const all = { ...map, ...list, ...movable, ...text, ...tree, ...counter }

export const loro: ReadonlyArray<Peer> = [
  peer(about('map'), byUpdates(map)),
  peer(about('list'), byUpdates(list)),
  peer(about('movable list'), byUpdates(movable)),
  peer(about('text with marks'), byUpdates(text)),
  peer(about('tree'), byUpdates(tree)),
  peer(about('counter'), byUpdates(counter)),
  peer(about('nested and mergeable maps'), byUpdates(nested)),
  peer(
    about('nested and mergeable maps, JSON updates', 'loro-bytes-as-json'),
    byUpdates(nested, { 'JSON updates': (doc) => show(byJson(doc)) }),
  ),
  peer(about('all, JSON updates'), byUpdates(all, { 'JSON updates': (doc) => show(byJson(doc)) })),
  peer(about('all, single updates'), single(all)),
  peer(about('all, undo'), undoing(all)),
  peer(
    {
      library: 'loro-crdt',
      type: 'EphemeralStore, many writers of a key',
      promise: '"a timestamp-based, last-write-wins key-value store" (loro.dev/docs/tutorial/ephemeral)',
      script: 'loro-ephemeral-tie',
    },
    ephemeral,
  ),
]
