/** npm scuttlebutt, and the types that were written for it. */
import { createRequire } from 'node:module'
import type { CounterexampleData } from 'scuttlebutt-ts/laws'
import { key, peer, type Adapter, type Edits, type Peer } from './peer.js'

const require = createRequire(import.meta.url)

type Update = readonly [change: unknown, timestamp: number, source: string]

/** What all of them have. */
interface Original {
  id: string
  readonly sources: Record<string, number>
  history(sources: Record<string, number>): Update[]
  _update(update: Update): void
  toJSON(): unknown
}

interface Model extends Original {
  set(key: string, value: unknown): void
}

interface Items extends Original {
  readonly length: number
  push(value: unknown): void
  unshift(value: unknown): void
  pop(): void
  splice(at: number, count: number, ...values: ReadonlyArray<unknown>): void
}

interface Rows extends Original {
  set(row: string, fields: object): void
  rm(row: string): void
}

/** Replicas exchange histories, as their streams do after the handshake: as JSON, in order. */
const byHistory = <R extends Original>(make: () => R, edits: Edits<R>): Adapter<R, string> => ({
  edits,
  create: (id) => Object.assign(make(), { id: `id ${id}` }),
  send: (other) => (replica) => JSON.stringify(replica.history(other.sources)),
  receive: (history) => (replica) => {
    for (const update of JSON.parse(history) as ReadonlyArray<Update>) replica._update(update)
  },
  delivery: { order: 'source', copies: 'at least once' },
  show: (replica) => JSON.parse(JSON.stringify(replica)) as unknown,
})

const settable: Edits<Model> = {
  set(model, a, b) {
    model.set(key(a), b)
  },
  delete(model, a) {
    model.set(key(a), null)
  },
}

const items: Edits<Items> = {
  push(array, a) {
    array.push(a)
  },
  unshift(array, a) {
    array.unshift(a)
  },
  deletePop(array) {
    if (array.length > 0) array.pop()
  },
  splice(array, a, b) {
    array.splice(a % (array.length + 1), b % 2, a)
  },
}

const rows: Edits<Rows> = {
  set(doc, a, b) {
    doc.set(key(a), { [key(b)]: a })
  },
  setBoth(doc, a, b) {
    doc.set(key(a), { x: a, y: b })
  },
}

const removing: Edits<Rows> = {
  ...rows,
  delete(doc, a) {
    doc.rm(key(a))
  },
}

const model = (): Model => new (require('scuttlebutt/model') as new () => Model)()
const array = (): Items => new (require('r-array') as new () => Items)()
const doc = (): Rows => new (require('crdt') as { Doc: new () => Rows }).Doc()
const expiring = (): Model => (require('expiry-model') as () => Model)()

const valuesOnly: Edits<Model> = { set: settable['set']! }

/** Histories as expiry-model should give them: in the order of their writing. */
const inOrder = peer(
  { library: 'expiry-model', type: 'with histories in order', promise: '' },
  {
    ...byHistory(expiring, valuesOnly),
    send: (other) => (replica) => JSON.stringify(replica.history(other.sources).sort(([, a], [, b]) => a - b)),
  },
)

/** Nothing is broken in the same network once histories are in order. */
const isOfOrder = ({ schedule }: CounterexampleData): boolean => inOrder.check({ schedule })._tag === 'Right'

const EVENTUAL = 'eventual consistency: replicas that have replicated are equal (README)'

export const originals: ReadonlyArray<Peer> = [
  peer({ library: 'scuttlebutt', type: 'Model, by history', promise: EVENTUAL }, byHistory(model, settable)),
  peer({ library: 'r-array', type: 'array, by history', promise: EVENTUAL }, byHistory(array, items)),
  peer({ library: 'crdt', type: 'Doc, rows set, by history', promise: EVENTUAL }, byHistory(doc, rows)),
  peer(
    { library: 'crdt', type: 'Doc, rows removed, by history', promise: EVENTUAL, script: 'crdt-removed-row' },
    byHistory(doc, removing),
  ),
  peer(
    { library: 'expiry-model', type: 'model, by history', promise: EVENTUAL, script: 'expiry-model-null' },
    byHistory(expiring, settable),
  ),
  peer(
    {
      library: 'expiry-model',
      type: 'model, values only, by history',
      promise: EVENTUAL,
      script: 'expiry-model-order',
    },
    byHistory(expiring, valuesOnly),
  ),
  peer(
    {
      library: 'expiry-model',
      type: 'model, values only, by history, faults of order passed over',
      promise: EVENTUAL,
      known: isOfOrder,
    },
    byHistory(expiring, valuesOnly),
  ),
]
