/**
 * Automerge: JSON documents.
 *
 * A document is shown as JavaScript holds it: a program reads that. `Automerge.toJS` reads the
 * store below it, and there some faults do not show.
 */
import * as Automerge from '@automerge/automerge'
import { key, peer, range, word, type Adapter, type Edits, type Peer } from './peer.js'

type Value = number | string | Date | Uint8Array | { k: number } | number[] | Automerge.Counter

interface Root extends Record<string, unknown> {
  map: Record<string, Value>
  list: Value[]
  text: string
}
type Doc = Automerge.Doc<Root>

const EMPTY: Root = { map: {}, list: [], text: 'ab' }

const base = Automerge.save(Automerge.from<Root>(EMPTY, '00'))

const open = (id: string): Doc => Automerge.load<Root>(base, { actor: `01${Buffer.from(id).toString('hex')}` })

const change =
  (edit: (draft: Root, a: number, b: number) => void) =>
  (doc: Doc, a: number, b: number): Doc =>
    Automerge.change(doc, (draft) => {
      edit(draft, a, b)
    })

const plain = (n: number): Value => [n, { k: n }, 'a', [n], new Date(n), new Uint8Array([n])][n % 6]!

const set: Edits<Doc> = {
  set: change(({ map }, a, b) => (map[key(a % 2)] = plain(a + b))),
}

const map: Edits<Doc> = {
  ...set,
  delete: change(({ map }, a) => Reflect.deleteProperty(map, key(a % 2))),
}

const list: Edits<Doc> = {
  insert: change(({ list }, a, b) => list.splice(a % (list.length + 1), 0, plain(a + b))),
  setItem: change(({ list }, a, b) => {
    if (list.length > 0) list[a % list.length] = plain(a + b)
  }),
  deleteItems: change(({ list }, a, b) => list.splice(...range(list.length, a, b + 1))),
}

const words: Edits<Doc> = {
  type: change((draft, a, b) => {
    Automerge.splice(draft, ['text'], a % (draft.text.length + 1), 0, word(b))
  }),
  deleteText: change((draft, a, b) => {
    Automerge.splice(draft, ['text'], ...range(draft.text.length, a, b + 1))
  }),
}

const text: Edits<Doc> = {
  ...words,
  mark: change((draft, a, b) => {
    const [start, count] = range(draft.text.length, a, b + 1)
    const marked = { start, end: start + count, expand: 'both' as const }
    if (count > 0) Automerge.mark(draft, ['text'], marked, key(a), b % 2 === 0 ? true : null)
  }),
}

const counters: Edits<Doc> = {
  count: change(({ map }, a, b) => (map[key(a % 2)] = new Automerge.Counter(b * 10))),
  increment: change(({ map }, a, b) => {
    const counter = map[key(a % 2)]
    if (counter instanceof Automerge.Counter) counter.increment(b + 1)
  }),
}

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const show = (doc: Doc): unknown => [json(doc), Automerge.spans(doc, ['text'])]

const loaded = (doc: Doc): Doc => Automerge.load<Root>(Automerge.save(doc))

/** The changes that another lacks, if there are some. */
const lacking =
  (other: Doc) =>
  (doc: Doc): Automerge.Change[] | undefined => {
    const changes = Automerge.getChanges(other, doc)
    return changes.length === 0 ? undefined : changes
  }

const byChanges = (edits: Edits<Doc>): Adapter<Doc, Automerge.Change[]> => ({
  edits,
  isImmutable: true,
  create: open,
  send: lacking,
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
  // getChanges does not give what waits
  isWhole: false,
  told: (doc) => Automerge.getAllChanges(doc).slice(-1),
  show: (doc) => show(loaded(doc)),
})

/** A document, and plain copies of it. */
interface Copied {
  doc: Doc
  readonly copies: ReadonlyArray<object>
}

type Heads = Automerge.Heads

/** Replicas keep copies by the patches of each change. */
const byPatches = (
  edits: Edits<Doc>,
  copies: 1 | 2,
  patchesOf: (doc: Doc, before: Heads, now: Heads) => Automerge.Patch[],
): Adapter<Copied, Automerge.Change[]> => {
  const advance = (replica: Copied, change: (doc: Doc) => Doc): void => {
    const before = Automerge.getHeads(replica.doc)
    replica.doc = change(replica.doc)
    const now = Automerge.getHeads(replica.doc)
    for (const copy of replica.copies) Automerge.applyPatches(copy, patchesOf(replica.doc, before, now))
  }
  return {
    edits: Object.fromEntries(
      Object.entries(edits).map(([name, edit]) => [
        name,
        (replica, ...how) => {
          advance(replica, (doc) => edit(doc, ...how) as Doc)
        },
      ]),
    ),
    create: (id) => ({ doc: open(id), copies: Array.from({ length: copies }, () => structuredClone(EMPTY)) }),
    send: (other) => (replica) => lacking(other.doc)(replica.doc),
    receive: (changes) => (replica) => {
      advance(replica, (doc) => Automerge.applyChanges(doc, changes)[0])
    },
    show: ({ doc }) => json(loaded(doc)),
    same: Object.fromEntries(
      Array.from({ length: copies }, (_, i) => [`copy ${String(i + 1)}`, (replica: Copied) => json(replica.copies[i])]),
    ),
  }
}

/** Patches that are nobody else's. */
const cloned = (...of: Parameters<typeof Automerge.diff>): Automerge.Patch[] => structuredClone(Automerge.diff(...of))

/** The heads after each change. */
const pastOf = (doc: Doc): ReadonlyArray<Heads> =>
  Automerge.getAllChanges(doc).map((change) => [Automerge.decodeChange(change).hash])

/** A document, and the heads that its last edit began at, if they were older ones. */
interface Edited {
  readonly doc: Doc
  readonly since?: Heads
}

/** The text at some heads, and what came since by `diff`. */
const patchedText = (doc: Doc, since: Heads): string => {
  const copy = { text: Automerge.view(doc, since).text }
  Automerge.applyPatches(copy, cloned(doc, since, Automerge.getHeads(doc)))
  return copy.text
}

/** Replicas edit older versions, too. */
const changingAt: Adapter<Edited, Automerge.Change[]> = {
  edits: {
    ...Object.fromEntries(
      Object.entries(words).map(([name, edit]) => [
        name,
        ({ doc }: Edited, ...how) => ({ doc: edit(doc, ...how) as Doc }),
      ]),
    ),
    typeAt: ({ doc }, a, b) => {
      const past = pastOf(doc)
      const since = past[b % past.length]!
      const { length } = Automerge.view(doc, since).text
      const { newDoc } = Automerge.changeAt(doc, since, (draft) => {
        Automerge.splice(draft, ['text'], a % (length + 1), 0, word(b))
      })
      return { doc: newDoc, since }
    },
  },
  isImmutable: true,
  create: (id) => ({ doc: open(id) }),
  send: (other) => (replica) => lacking(other.doc)(replica.doc),
  receive:
    (changes) =>
    ({ doc }) => ({ doc: Automerge.applyChanges(doc, changes)[0] }),
  show: ({ doc }) => show(loaded(doc)),
  qualities: [
    {
      name: 'the patches from the heads of changeAt to now lead to the text of now',
      afterLocal: (_, __, { doc, since }) => since === undefined || patchedText(doc, since) === loaded(doc).text,
    },
  ],
}

/** The document as it was after each of its changes. */
const views = (doc: Doc): ReadonlyArray<Doc> => pastOf(doc).map((heads) => Automerge.view(doc, heads))

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
  peer(about('map, by merge', 'automerge-delete'), byMerge(map)),
  peer(about('counters, by merge', 'automerge-counters'), byMerge(counters)),
  peer(about('all, by getChanges, shown as loaded anew'), asLoaded({ ...all, ...counters })),
  peer(about('all, single changes, shown as loaded anew'), single({ ...all, ...counters })),
  peer(about('all, by the sync protocol, shown as loaded anew'), bySync({ ...all, ...counters })),
  peer(about('a copy kept by patches', 'automerge-patches-delete'), byPatches({ ...map, ...list }, 1, Automerge.diff)),
  peer(
    about('two copies kept by patches, no key deleted', 'automerge-patches-shared'),
    byPatches({ ...set, ...list }, 2, Automerge.diff),
  ),
  peer(
    about('a copy kept by clones of the patches, no key deleted'),
    byPatches({ ...set, ...list, ...words }, 1, cloned),
  ),
  peer(about('text, changeAt', 'automerge-diff-after-changeAt'), changingAt),
  peer(about('views of older heads', 'automerge-marks-of-view'), ofViews(text)),
]
