/** json-joy: JSON CRDT documents, by patches. */
import { Model } from 'json-joy/lib/json-crdt/index.js'
import { Patch, s } from 'json-joy/lib/json-crdt-patch/index.js'
import { key, numberOf, peer, range, word, type Adapter, type Edits, type Peer } from './peer.js'

const base = Model.create(
  s.obj({ map: s.obj({}), list: s.arr<ReturnType<typeof s.con<number>>>([]), text: s.str(''), value: s.val(s.con(0)) }),
  1_000_000,
)
type Doc = typeof base

/** A document, and all patches that it knows, in the order heard. */
interface Replica {
  doc: Doc
  readonly patches: Map<string, Uint8Array>
}

const open = (id: string): Replica => ({ doc: base.fork(1_000_001 + numberOf(id)), patches: new Map() })

const edit =
  (act: (doc: Doc, a: number, b: number) => unknown) =>
  ({ doc, patches }: Replica, a: number, b: number): void => {
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

const apply = (replica: Replica, bytes: ReadonlyArray<Uint8Array>): void => {
  for (const one of bytes) {
    const patch = Patch.fromBinary(one)
    const { time, sid } = patch.getId()!
    replica.doc.applyPatch(patch)
    replica.patches.set(`${String(time)} ${String(sid)}`, one)
  }
}

const byPatches: Adapter<Replica, ReadonlyArray<Uint8Array>> = {
  edits,
  create: open,
  send:
    (other) =>
    ({ patches }) =>
      [...patches].flatMap(([id, bytes]) => (other.patches.has(id) ? [] : [bytes])),
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

export const jsonJoy: ReadonlyArray<Peer> = [
  peer(
    {
      library: 'json-joy',
      type: 'all nested, patches in causal order',
      promise: '"seamless merging of changes in JSON data models, avoiding conflicts between replicas" (README)',
    },
    byPatches,
  ),
]
