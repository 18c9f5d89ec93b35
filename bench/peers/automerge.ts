/** Automerge: JSON documents. */
import * as Automerge from '@automerge/automerge'
import { key, peer, range, word, type Adapter, type Edits, type Peer } from './peer.js'

type Value = number | string | Date | Uint8Array | { k: number } | Automerge.Counter

interface Root extends Record<string, unknown> {
  map: Record<string, Value>
  list: Value[]
  text: string
}
type Doc = Automerge.Doc<Root>

const base = Automerge.save(Automerge.from<Root>({ map: {}, list: [], text: '' }, '00'))

const open = (id: string): Doc => Automerge.load<Root>(base, { actor: `01${Buffer.from(id).toString('hex')}` })

const change =
  (edit: (draft: Root, a: number, b: number) => void) =>
  (doc: Doc, a: number, b: number): Doc =>
    Automerge.change(doc, (draft) => {
      edit(draft, a, b)
    })

const plain = (n: number): Value => [n, { k: n }, 'a', new Date(n), new Uint8Array([n])][n % 5]!

const map: Edits<Doc> = {
  set: change(({ map }, a, b) => (map[key(a)] = plain(b))),
  delete: change(({ map }, a) => Reflect.deleteProperty(map, key(a))),
}

const list: Edits<Doc> = {
  insert: change(({ list }, a, b) => list.splice(a % (list.length + 1), 0, plain(b))),
  setItem: change(({ list }, a, b) => {
    if (list.length > 0) list[a % list.length] = plain(b)
  }),
  deleteItems: change(({ list }, a, b) => list.splice(...range(list.length, a, b + 1))),
}

const text: Edits<Doc> = {
  type: change((draft, a, b) => {
    Automerge.splice(draft, ['text'], a % (draft.text.length + 1), 0, word(b))
  }),
  deleteText: change((draft, a, b) => {
    Automerge.splice(draft, ['text'], ...range(draft.text.length, a, b + 1))
  }),
  mark: change((draft, a, b) => {
    const [start, count] = range(draft.text.length, a, b + 1)
    const marked = { start, end: start + count, expand: 'both' as const }
    if (count > 0) Automerge.mark(draft, ['text'], marked, key(a), b % 2 === 0 ? true : null)
  }),
}

const counters: Edits<Doc> = {
  count: change(({ map }, a, b) => (map[key(a)] = new Automerge.Counter(b * 10))),
  increment: change(({ map }, a, b) => {
    const counter = map[key(a)]
    if (counter instanceof Automerge.Counter) counter.increment(b + 1)
  }),
}

const show = (doc: Doc): unknown => [Automerge.toJS(doc).map, Automerge.toJS(doc).list, Automerge.spans(doc, ['text'])]

const loaded = (doc: Doc): Doc => Automerge.load<Root>(Automerge.save(doc))

const byChanges = (edits: Edits<Doc>): Adapter<Doc, Automerge.Change[]> => ({
  edits,
  isImmutable: true,
  create: open,
  send: (other) => (doc) => Automerge.getChanges(other, doc),
  receive: (changes) => (doc) => Automerge.applyChanges(doc, changes)[0],
  show,
})

const byMerge = (edits: Edits<Doc>): Adapter<Doc, Doc> => ({
  edits,
  isImmutable: true,
  create: open,
  send: () => (doc) => Automerge.clone(doc),
  receive: (other) => (doc) => Automerge.merge(doc, other),
  show,
})

/** The document after all messages of the sync protocol have gone to and fro. */
const synced = (doc: Doc, other: Doc): Doc => {
  let [mine, theirs] = [Automerge.clone(doc), Automerge.clone(other)]
  let [state, otherState] = [Automerge.initSyncState(), Automerge.initSyncState()]
  for (;;) {
    const [nextOther, message] = Automerge.generateSyncMessage(theirs, otherState)
    otherState = nextOther
    if (message !== null) [mine, state] = Automerge.receiveSyncMessage(mine, state, message)
    const [next, answer] = Automerge.generateSyncMessage(mine, state)
    state = next
    if (answer !== null) [theirs, otherState] = Automerge.receiveSyncMessage(theirs, otherState, answer)
    if (message === null && answer === null) return mine
  }
}

/** Shown as loaded anew: what JavaScript holds is another matter. */
const bySync = (edits: Edits<Doc>): Adapter<Doc, Doc> => ({
  edits,
  isImmutable: true,
  create: open,
  send: () => (doc) => Automerge.clone(doc),
  receive: (other) => (doc) => synced(doc, other),
  show: (doc) => show(loaded(doc)),
})

/** What JavaScript holds is left out of it: a document is shown as if opened anew. */
const asLoaded = (edits: Edits<Doc>): Adapter<Doc, Automerge.Change[]> => ({
  ...byChanges(edits),
  show: (doc) => show(loaded(doc)),
})

/** Single changes in any order: what lacks its dependencies waits. */
const single = (edits: Edits<Doc>): Adapter<Doc, Automerge.Change[]> => ({
  ...byChanges(edits),
  told: (doc) => Automerge.getAllChanges(doc).slice(-1),
  show: (doc) => show(loaded(doc)),
})

/** A plain copy, kept by the patches from nothing to now. */
const patched = (doc: Doc): unknown => {
  const copy = {}
  Automerge.applyPatches(copy, structuredClone(Automerge.diff(doc, [], Automerge.getHeads(doc))))
  return copy
}

const byPatches = (edits: Edits<Doc>): Adapter<Doc, Automerge.Change[]> => ({
  ...byChanges(edits),
  show: (doc) => structuredClone(Automerge.toJS(loaded(doc))),
  same: { 'patches from nothing': (doc) => patched(loaded(doc)) },
})

/** The document as it was after each of its changes. */
const views = (doc: Doc): ReadonlyArray<Doc> =>
  Automerge.getAllChanges(doc).map((change) => Automerge.view(doc, [Automerge.decodeChange(change).hash]))

/** The marks of each character, by the spans. */
const marksBySpans = (doc: Doc): unknown =>
  Automerge.spans(doc, ['text']).flatMap((span) =>
    span.type === 'text' ? Array.from(span.value, () => ({ ...span.marks })) : [],
  )

const marks = (doc: Doc): unknown => Array.from(doc.text, (_, i) => Automerge.marksAt(doc, ['text'], i))

const ofViews = (edits: Edits<Doc>): Adapter<Doc, Automerge.Change[]> => ({
  ...asLoaded(edits),
  qualities: [
    {
      name: 'in a view, marksAt agrees with spans',
      atEnd: (doc) => [views(doc).map(marks), views(doc).map(marksBySpans)],
      ofOne: true,
    },
  ],
})

const about = (type: string, ...scripts: ReadonlyArray<string>): Omit<Peer, 'check'> => ({
  library: '@automerge/automerge',
  type,
  promise: '"Both docs are merged and identical" (README)',
  ...(scripts.length > 0 && { script: scripts.join(', ') }),
})

const all = { ...map, ...list, ...text }

export const automerge: ReadonlyArray<Peer> = [
  peer(about('map, by getChanges', 'automerge-delete'), byChanges(map)),
  peer(about('list, by getChanges', 'automerge-delete'), byChanges(list)),
  peer(about('text with marks, by getChanges'), byChanges(text)),
  peer(about('counters, by getChanges', 'automerge-counters'), byChanges(counters)),
  peer(about('all, by merge', 'automerge-delete'), byMerge(all)),
  peer(about('all, by getChanges, shown as loaded anew'), asLoaded({ ...all, ...counters })),
  peer(about('all, single changes, shown as loaded anew'), single({ ...all, ...counters })),
  peer(about('all, by the sync protocol, shown as loaded anew'), bySync({ ...all, ...counters })),
  peer(about('patches', 'automerge-patches-delete'), byPatches({ ...map, ...list })),
  peer(about('views of older heads', 'automerge-marks-of-view'), ofViews(text)),
]
