/** Yjs: shared types in a document, and what stands on them. */
import * as Y from 'yjs'
import { key, numberOf, peer, range, word, type Adapter, type Edits, type Peer } from './peer.js'

const open = (id: number, gc: boolean): Y.Doc => {
  const doc = new Y.Doc({ gc })
  doc.clientID = id
  return doc
}

type Shared = typeof Y.Map | typeof Y.Array | typeof Y.Text | typeof Y.XmlFragment

/** The top-level type, or one of that kind nested in the map or in the array. */
const find = <T>(doc: Y.Doc, top: T, Kind: Shared, n: number): T => {
  const nested: unknown[] = [...doc.getMap('m').values(), ...doc.getArray('a').toArray()]
  const found = [top, ...nested.filter((one) => one instanceof Kind)] as T[]
  return found[n % found.length]!
}

/** A plain value, or a new shared type. */
const value = (n: number): unknown =>
  [() => n, () => new Y.Map([['k', n]]), () => Y.Array.from([n]), () => new Y.Text('ab')][n % 4]!()

const marks = (n: number): object => [{ b: true }, { b: null }, { i: { deep: n } }, { b: true, i: null }][n % 4]!

const map: Edits<Y.Doc> = {
  set: (doc, a, b) => find(doc, doc.getMap('m'), Y.Map, a).set(key(a), value(b)),
  setPlain: (doc, a, b) => doc.getMap('m').set(key(a), b),
  delete(doc, a, b) {
    find(doc, doc.getMap('m'), Y.Map, b).delete(key(a))
  },
  deleteAll(doc) {
    doc.getMap('m').clear()
  },
}

const array: Edits<Y.Doc> = {
  insert(doc, a, b) {
    const array = find(doc, doc.getArray('a'), Y.Array, b)
    array.insert(a % (array.length + 1), [value(a), b])
  },
  deleteItems(doc, a, b) {
    const array = find(doc, doc.getArray('a'), Y.Array, b)
    array.delete(...range(array.length, a, b + 1))
  },
}

const text: Edits<Y.Doc> = {
  type(doc, a, b) {
    const text = find(doc, doc.getText('t'), Y.Text, b)
    text.insert(a % (text.length + 1), word(b))
  },
  typeMarked(doc, a, b) {
    const text = find(doc, doc.getText('t'), Y.Text, b)
    text.insert(a % (text.length + 1), word(a), marks(b))
  },
  mark(doc, a, b) {
    const text = find(doc, doc.getText('t'), Y.Text, b)
    text.format(...range(text.length, a, b + 1), marks(a))
  },
  embed(doc, a, b) {
    const text = find(doc, doc.getText('t'), Y.Text, b)
    text.insertEmbed(a % (text.length + 1), { picture: b })
  },
  deleteText(doc, a, b) {
    const text = find(doc, doc.getText('t'), Y.Text, b)
    text.delete(...range(text.length, a, b + 1))
  },
}

/** Texts in which some characters take two code units. A mark may begin between them. */
const textInUnits: Edits<Y.Doc> = {
  ...text,
  typeEmoji(doc, a) {
    const text = doc.getText('t')
    text.insert(a % (text.length + 1), '😀')
  },
}

const firstElement = (doc: Y.Doc): Y.XmlElement | undefined =>
  doc
    .getXmlFragment('x')
    .toArray()
    .find((one) => one instanceof Y.XmlElement)

const xml: Edits<Y.Doc> = {
  addElement(doc, a) {
    const fragment = doc.getXmlFragment('x')
    fragment.insert(a % (fragment.length + 1), [new Y.XmlElement('p')])
  },
  addText(doc, a, b) {
    const parent = firstElement(doc) ?? doc.getXmlFragment('x')
    parent.insert(a % (parent.length + 1), [new Y.XmlText(word(b))])
  },
  setAttribute(doc, a, b) {
    firstElement(doc)?.setAttribute(key(a), String(b))
  },
  deleteAttribute(doc, a) {
    firstElement(doc)?.removeAttribute(key(a))
  },
  deleteNode(doc, a, b) {
    const fragment = doc.getXmlFragment('x')
    fragment.delete(...range(fragment.length, a, b + 1))
  },
}

/** Everything that a user of the document can see; texts with their marks. */
const seen = (one: unknown): unknown => {
  if (one instanceof Y.Map) return Object.fromEntries([...one.entries()].map(([name, held]) => [name, seen(held)]))
  if (one instanceof Y.Array) return one.toArray().map(seen)
  if (one instanceof Y.XmlText || one instanceof Y.XmlFragment) return one.toJSON()
  if (one instanceof Y.Text) return one.toDelta()
  return one
}

const show = (doc: Y.Doc): unknown => [
  seen(doc.getMap('m')),
  seen(doc.getArray('a')),
  seen(doc.getText('t')),
  seen(doc.getXmlFragment('x')),
]

const V1 = {
  encode: Y.encodeStateAsUpdate,
  apply: Y.applyUpdate,
  event: 'update',
  merge: Y.mergeUpdates,
  diff: Y.diffUpdate,
  vector: Y.encodeStateVectorFromUpdate,
} as const
const V2 = {
  encode: Y.encodeStateAsUpdateV2,
  apply: Y.applyUpdateV2,
  event: 'updateV2',
  merge: Y.mergeUpdatesV2,
  diff: Y.diffUpdateV2,
  vector: Y.encodeStateVectorFromUpdateV2,
} as const
type Version = typeof V1 | typeof V2

/** Yjs takes a new id when it meets its own: so a document gets its id after it is loaded. */
const NOBODY = 0

const loaded = (saved: Uint8Array, { apply }: Version, gc: boolean, id = NOBODY): Y.Doc => {
  const doc = open(NOBODY, gc)
  apply(doc, saved)
  doc.clientID = id
  return doc
}

/** Replicas exchange what the other's state vector lacks. */
const whole = (edits: Edits<Y.Doc>, version: Version, gc: boolean): Adapter<Y.Doc, Uint8Array> => ({
  edits,
  create: (id) => open(numberOf(id), gc),
  send: (other) => (doc) => version.encode(doc, Y.encodeStateVector(other)),
  receive: (update) => (doc) => {
    version.apply(doc, update)
  },
  save: (doc) => version.encode(doc),
  load: (saved, id) => loaded(saved as Uint8Array, version, gc, numberOf(id)),
  show,
  same: { 're-encoded': (doc) => show(loaded(version.encode(doc), version, gc)) },
})

/**
 * The same, compared when nobody has more to say: who receives marks deletes some that changed
 * nothing, and has to tell that.
 */
const untilQuiet = (edits: Edits<Y.Doc>, version: Version, gc: boolean): Adapter<Y.Doc, Uint8Array> => ({
  ...whole(edits, version, gc),
  send: (other) => (doc) => (areAlike(doc, other) ? undefined : version.encode(doc, Y.encodeStateVector(other))),
  isWhole: false,
})

const areAlike = (a: Y.Doc, b: Y.Doc): boolean => Y.equalSnapshots(Y.snapshot(a), Y.snapshot(b))

/** A document, and the updates that it has not told yet. */
interface Telling {
  readonly doc: Y.Doc
  readonly untold: Uint8Array[]
  /** All updates that it knows, as a server would store them. */
  readonly log: Uint8Array[]
}

const telling = (doc: Y.Doc, { event }: Version, log: ReadonlyArray<Uint8Array> = []): Telling => {
  const replica: Telling = { doc, untold: [], log: [...log] }
  doc.on(event, (update: Uint8Array, _origin: unknown, _doc: Y.Doc, { local }: Y.Transaction) => {
    if (!local) return
    replica.untold.push(update)
    replica.log.push(update)
  })
  return replica
}

const onDoc = (edits: Edits<Y.Doc>): Edits<{ readonly doc: Y.Doc }> =>
  Object.fromEntries(Object.entries(edits).map(([name, act]) => [name, ({ doc }, ...how) => act(doc, ...how)]))

/** Replicas broadcast each update, which arrives in any order and more than once. */
const single = (edits: Edits<Y.Doc>, version: Version, gc: boolean): Adapter<Telling, ReadonlyArray<Uint8Array>> => ({
  edits: onDoc(edits),
  create: (id) => telling(open(numberOf(id), gc), version),
  told: ({ untold }) => untold.splice(0),
  receive: (updates) => (replica) => {
    for (const update of updates) version.apply(replica.doc, update)
    replica.log.push(...updates)
  },
  // what waits for updates that it depends on is saved, too
  save: ({ doc, log }) => [version.encode(doc), ...log],
  load: (saved, id) => {
    const [state, ...log] = saved as [Uint8Array, ...Uint8Array[]]
    return telling(loaded(state, version, gc, numberOf(id)), version, log)
  },
  show: ({ doc }) => show(doc),
  same: {
    're-encoded': ({ doc }) => show(loaded(version.encode(doc), version, gc)),
    'mergeUpdates of the log': ({ log }) =>
      show(log.length === 0 ? open(NOBODY, gc) : loaded(version.merge(log), version, gc)),
  },
})

/** What a server stores: updates as bytes, and no document. */
interface Stored {
  readonly id: number
  bytes: Uint8Array
}

/** Edits a document that is opened from the bytes, and stores what came. Gives that. */
const written = (stored: Stored, version: Version, edit: (doc: Y.Doc) => void): Uint8Array => {
  const doc = loaded(stored.bytes, version, true, stored.id)
  const before = Y.encodeStateVector(doc)
  edit(doc)
  const told = version.encode(doc, before)
  stored.bytes = version.merge([stored.bytes, told])
  return told
}

/** Replicas hold bytes, and exchange what is missing by `diffUpdate`. They open them to write. */
const bytes = (edits: Edits<Y.Doc>, version: Version): Adapter<Stored, Uint8Array> => ({
  edits: Object.fromEntries(
    Object.entries(edits).map(([name, act]) => [
      name,
      (stored, ...how) => void written(stored, version, (doc) => act(doc, ...how)),
    ]),
  ),
  create: (id) => ({ id: numberOf(id), bytes: version.encode(open(NOBODY, true)) }),
  send: (other) => (stored) => version.diff(stored.bytes, version.vector(other.bytes)),
  receive: (update) => (stored) => {
    stored.bytes = version.merge([stored.bytes, update])
  },
  show: (stored) => show(loaded(stored.bytes, version, true)),
})

/** Replicas hold bytes and get single updates in any order: gaps are kept and filled later. */
const bytesInAnyOrder = (edits: Edits<Y.Doc>, version: Version): Adapter<Stored & { told: Uint8Array }, Uint8Array> => {
  const { create, receive, show } = bytes(edits, version)
  return {
    edits: Object.fromEntries(
      Object.entries(edits).map(([name, act]) => [
        name,
        (stored, ...how) => {
          stored.told = written(stored, version, (doc) => act(doc, ...how))
        },
      ]),
    ),
    create: (id, nth) => ({ ...create(id, nth), told: new Uint8Array() }),
    told: ({ told }) => told,
    receive: (update, where) => (stored) => {
      receive(update, where)(stored)
    },
    show,
    same: {
      'whole by diffUpdate': ({ bytes }) =>
        show({ id: 0, bytes: version.merge([version.diff(bytes, version.vector(bytes)), bytes]) }),
    },
  }
}

/** A document, its undo manager, and what it showed when snapshots were taken. */
interface Kept {
  readonly doc: Y.Doc
  readonly manager: Y.UndoManager
  readonly taken: [Y.Snapshot, unknown][]
}

const scope = (doc: Y.Doc) => [doc.getMap('m'), doc.getArray('a'), doc.getText('t'), doc.getXmlFragment('x')]

const keeping = (edits: Edits<Kept>, gc: boolean): Adapter<Kept, Uint8Array> => ({
  edits,
  create: (id) => {
    const doc = open(numberOf(id), gc)
    return { doc, manager: new Y.UndoManager(scope(doc), { captureTimeout: 0 }), taken: [] }
  },
  send:
    (other) =>
    ({ doc }) =>
      areAlike(doc, other.doc) ? undefined : Y.encodeStateAsUpdate(doc, Y.encodeStateVector(other.doc)),
  isWhole: false,
  receive:
    (update) =>
    ({ doc }) => {
      Y.applyUpdate(doc, update)
    },
  show: ({ doc }) => show(doc),
})

const undoing = (edits: Edits<Y.Doc>): Edits<Kept> => ({
  ...onDoc(edits),
  undo: ({ manager }) => manager.undo(),
  redo: ({ manager }) => manager.redo(),
})

const taking = (edits: Edits<Y.Doc>): Edits<Kept> => ({
  ...onDoc(edits),
  take: ({ doc, taken }) => taken.push([Y.snapshot(doc), show(doc)]),
})

const snapshots: Adapter<Kept, Uint8Array> = {
  ...keeping(taking({ ...map, ...array, ...text, ...xml }), false),
  qualities: [
    {
      name: 'a document of a snapshot shows what was',
      atEnd: ({ doc, taken }) => [
        taken.map(([snapshot]) => show(Y.createDocFromSnapshot(doc, Y.decodeSnapshot(Y.encodeSnapshot(snapshot))))),
        taken.map(([, shown]) => shown),
      ],
    },
  ],
}

const all = { ...map, ...array, ...text, ...xml }
const DEFAULT_DOCS = 'docs.yjs.dev/api/document-updates'

const about = (type: string, script?: string): Omit<Peer, 'check'> => ({
  library: 'yjs',
  type,
  promise: `"Document updates are commutative, associative, and idempotent", ${DEFAULT_DOCS}`,
  ...(script !== undefined && { script }),
})

export const yjs: ReadonlyArray<Peer> = [
  peer(about('map, by state vectors'), whole(map, V1, true)),
  peer(about('array, by state vectors'), whole({ ...array, ...map }, V1, true)),
  peer(about('text, by state vectors'), untilQuiet(text, V1, true)),
  peer(about('text, by state vectors, compared at once', 'yjs-marks-cleaned-up'), whole(text, V1, true)),
  peer(about('text with emoji, by state vectors', 'yjs-surrogates'), untilQuiet(textInUnits, V1, true)),
  peer(about('XML, by state vectors'), whole(xml, V1, true)),
  peer(about('all nested, by state vectors'), untilQuiet(all, V1, true)),
  peer(about('all nested, by state vectors, V2'), untilQuiet(all, V2, true)),
  peer(about('all nested, by state vectors, gc off'), untilQuiet(all, V1, false)),
  peer(about('all nested, single updates', 'yjs-marks-cleaned-up'), single(all, V1, true)),
  peer(about('all nested, single updates, V2', 'yjs-marks-cleaned-up'), single(all, V2, true)),
  peer(about('text with emoji, single updates', 'yjs-surrogates'), single(textInUnits, V1, true)),
  peer(about('text with emoji, bytes only, single updates'), bytesInAnyOrder(textInUnits, V1)),
  peer(about('bytes only, by diffUpdate'), bytes(all, V1)),
  peer(about('bytes only, by diffUpdate, V2'), bytes(all, V2)),
  peer(about('bytes only, single updates'), bytesInAnyOrder(all, V1)),
  peer(about('bytes only, single updates, V2'), bytesInAnyOrder(all, V2)),
  peer(about('UndoManager'), keeping(undoing(all), true)),
  peer(about('UndoManager, gc off'), keeping(undoing(all), false)),
  peer(about('snapshots'), snapshots),
]
