/** TinyBase: MergeableStore, with and without a schema. */
import { createMergeableStore, type MergeableChanges, type MergeableStore } from 'tinybase'
import { key, peer, type Adapter, type Edits, type Peer } from './peer.js'

export interface Replica {
  readonly store: MergeableStore
  /** The wall clock of the replica, in ms. */
  now: number
  untold: MergeableChanges | undefined
}

const SCHEMA = { table: { x: { type: 'number', default: 7 }, y: { type: 'number' } } } as const

export const open = (id: string, hasSchema: boolean): Replica => {
  const store = createMergeableStore(id, () => replica.now)
  const replica: Replica = { store, now: 1, untold: undefined }
  if (hasSchema) store.setTablesSchema(SCHEMA)
  return replica
}

const act =
  (edit: (store: MergeableStore, a: number, b: number) => void) =>
  (replica: Replica, a: number, b: number, now: number): void => {
    replica.now = now
    edit(replica.store, a, b)
  }

const row = (n: number): string => ['one', 'two'][n % 2]!

export const edits: Edits<Replica> = {
  set: act((store, a, b) => store.setCell('table', row(b), key(a % 2), a)),
  setRow: act((store, a, b) => store.setRow('table', row(b), { x: a, y: b })),
  setValue: act((store, a, b) => store.setValue(key(a), b)),
  deleteCell: act((store, a, b) => store.delCell('table', row(b), key(a % 2), true)),
  deleteRow: act((store, _, b) => store.delRow('table', row(b))),
  deleteTable: act((store) => store.delTable('table')),
  deleteValue: act((store, a) => store.delValue(key(a))),
  takeBack: act((store, a, b) => {
    store.transaction(
      () => store.setCell('table', row(b), key(a % 2), a),
      () => true,
    )
  }),
}

const clone = <A>(content: A): A => structuredClone(content)

const whole = (hasSchema: boolean): Adapter<Replica, MergeableChanges> => ({
  edits,
  create: (id) => open(id, hasSchema),
  send:
    () =>
    ({ store }) =>
      clone(store.getMergeableContent()) as unknown as MergeableChanges,
  receive:
    (content, { now }) =>
    (replica) => {
      replica.now = now
      replica.store.applyMergeableChanges(clone(content))
    },
  save: ({ store }) => clone(store.getMergeableContent()),
  load: (saved, id) => {
    const replica = open(id, hasSchema)
    replica.store.setMergeableContent(clone(saved) as ReturnType<MergeableStore['getMergeableContent']>)
    return replica
  },
  show: ({ store }) => store.getContent(),
})

/** Replicas tell each transaction; these arrive in any order, and more than once. */
const single = (hasSchema: boolean): Adapter<Replica, MergeableChanges> => {
  const { receive, show, edits } = whole(hasSchema)
  return {
    edits,
    create: (id) => {
      const replica = open(id, hasSchema)
      replica.store.addDidFinishTransactionListener(() => {
        replica.untold = clone(replica.store.getTransactionMergeableChanges())
      })
      return replica
    },
    told: ({ untold, store }) => untold ?? clone(store.getTransactionMergeableChanges()),
    receive,
    show,
  }
}

const about = (type: string, script?: string): Omit<Peer, 'check'> => ({
  library: 'tinybase',
  type,
  promise:
    '"able to be merged with another MergeableStore with deterministic results" (tinybase.org/api/mergeable-store)',
  ...(script !== undefined && { script }),
})

const DEFAULTS = 'tinybase-default-of-deleted-row'

export const tinybase: ReadonlyArray<Peer> = [
  peer(about('no schema, whole content'), whole(false)),
  peer(about('no schema, single transactions'), single(false)),
  peer(about('a schema with a default, whole content', DEFAULTS), whole(true)),
  peer(about('a schema with a default, single transactions', DEFAULTS), single(true)),
]
