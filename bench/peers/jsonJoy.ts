/** json-joy: JSON CRDT documents, by patches. */
import { ext, ModelWithExt, type Peritext } from 'json-joy/lib/json-crdt-extensions/index.js'
import { Model } from 'json-joy/lib/json-crdt/index.js'
import { Patch, s } from 'json-joy/lib/json-crdt-patch/index.js'
import { key, numberOf, peer, range, word, type Adapter, type Edits, type Peer } from './peer.js'

const base = Model.create(
  s.obj({ map: s.obj({}), list: s.arr<ReturnType<typeof s.con<number>>>([]), text: s.str(''), value: s.val(s.con(0)) }),
  1_000_000,
)
type Doc = typeof base

/** A document, and all patches that it knows, in the order heard. */
interface Replica<D = Doc> {
  doc: D
  readonly patches: Map<string, Uint8Array>
}

const open = (id: string): Replica => ({ doc: base.fork(1_000_001 + numberOf(id)), patches: new Map() })

/** What all documents have. */
interface Patched {
  readonly api: { readonly flush: () => Patch }
  readonly applyPatch: (patch: Patch) => unknown
}

const edit =
  <D extends Patched>(act: (doc: D, a: number, b: number) => unknown) =>
  ({ doc, patches }: Replica<D>, a: number, b: number): void => {
    act(doc, a, b)
    const patch = doc.api.flush()
    if (patch.ops.length > 0)
      patches.set(String(patch.getId()!.time) + ' ' + String(patch.getId()!.sid), patch.toBinary())
  }

const edits: Edits<Replica> = {
  set: edit(({ api }, a, b) => {
    api.obj(['map']).set({ [key(a)]: b })
  }),
  nest: edit(({ api }, a, b) => {
    api.obj(['map']).set({ [key(a)]: { k: [b] } })
  }),
  delete: edit(({ api }, a) => {
    api.obj(['map']).del([key(a)])
  }),
  insert: edit(({ api }, a, b) => {
    api.arr(['list']).ins(a % (api.arr(['list']).length() + 1), [b, { k: b }])
  }),
  deleteItems: edit(({ api }, a, b) => {
    const [at, count] = range(api.arr(['list']).length(), a, b + 1)
    if (count > 0) api.arr(['list']).del(at, count)
  }),
  type: edit(({ api }, a, b) => {
    api.str(['text']).ins(a % (api.str(['text']).length() + 1), word(b))
  }),
  deleteText: edit(({ api }, a, b) => {
    const [at, count] = range(api.str(['text']).length(), a, b + 1)
    if (count > 0) api.str(['text']).del(at, count)
  }),
  assign: edit(({ api }, a) => {
    api.val(['value']).set(a)
  }),
}

const apply = (replica: Replica<Patched>, bytes: ReadonlyArray<Uint8Array>): void => {
  for (const one of bytes) {
    const patch = Patch.fromBinary(one)
    const { time, sid } = patch.getId()!
    replica.doc.applyPatch(patch)
    replica.patches.set(`${String(time)} ${String(sid)}`, one)
  }
}

const send =
  (other: Replica<unknown>) =>
  ({ patches }: Replica<unknown>): ReadonlyArray<Uint8Array> =>
    [...patches].flatMap(([id, bytes]) => (other.patches.has(id) ? [] : [bytes]))

const byPatches: Adapter<Replica, ReadonlyArray<Uint8Array>> = {
  edits,
  create: open,
  send,
  receive: (patches) => (replica) => {
    apply(replica, patches)
  },
  delivery: { order: 'causal', copies: 'at least once' },
  show: ({ doc }) => doc.view(),
  same: {
    binary: ({ doc }) => Model.fromBinary(doc.toBinary()).view(),
    'all patches anew': ({ patches }) => {
      const other = open('other')
      apply(other, [...patches.values()])
      return other.doc.view()
    },
  },
}

const richBase = ModelWithExt.create(ext.peritext.new(''), 1_000_000)
type Rich = ReturnType<typeof richBase.fork>

const textOf = (doc: Rich): Peritext => {
  const { txt } = doc.s.toExt()
  txt.refresh()
  return txt
}

const richEdits: Edits<Replica<Rich>> = {
  type: edit((doc, a, b) => {
    const text = textOf(doc)
    text.insAt(a % (text.str.length() + 1), word(b))
  }),
  deleteText: edit((doc, a, b) => {
    const text = textOf(doc)
    const [at, count] = range(text.str.length(), a, b + 1)
    if (count > 0) text.delAt(at, count)
  }),
  mark: edit((doc, a, b) => {
    const text = textOf(doc)
    const [at, count] = range(text.str.length(), a, b + 1)
    if (count > 0) text.savedSlices.insOne(text.rangeAt(at, count), key(a), b)
  }),
  deleteMark: edit((doc, a, b) => {
    const text = textOf(doc)
    const [at, count] = range(text.str.length(), a, b + 1)
    if (count > 0) text.savedSlices.insErase(text.rangeAt(at, count), key(a))
  }),
}

/** The parts of a text, each with its marks. */
const partsOf = (doc: Rich): unknown =>
  textOf(doc).blocks.root.children.map((block) =>
    [...block.texts()].map((part) => [
      part.text(),
      Object.entries(part.attr()).map(([name, marks]) => [name, marks.map(({ slice }) => slice.data())]),
    ]),
  )

const rich: Adapter<Replica<Rich>, ReadonlyArray<Uint8Array>> = {
  edits: richEdits,
  create: (id) => ({ doc: richBase.fork(1_000_001 + numberOf(id)), patches: new Map() }),
  send,
  receive: (patches) => (replica) => {
    apply(replica, patches)
  },
  delivery: { order: 'causal', copies: 'at least once' },
  show: ({ doc }) => [doc.view(), partsOf(doc)],
}

const promise = '"seamless merging of changes in JSON data models, avoiding conflicts between replicas" (README)'

export const jsonJoy: ReadonlyArray<Peer> = [
  peer({ library: 'json-joy', type: 'all nested, patches in causal order', promise }, byPatches),
  peer({ library: 'json-joy', type: 'Peritext, patches in causal order', promise }, rich),
]
