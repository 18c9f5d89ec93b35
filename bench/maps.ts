/** Each library's map from keys to numbers, behind one interface. */
import { createRequire } from 'node:module'
import * as Automerge from '@automerge/automerge'
import * as t from 'io-ts'
import { Model as JsonJoy } from 'json-joy/lib/json-crdt/index.js'
import { LoroDoc, type LoroMap } from 'loro-crdt'
import { Model, scuttlebutt, type Replica, type Update } from 'scuttlebutt-ts'
import { createMergeableStore, type MergeableChanges, type MergeableStore } from 'tinybase'
import * as Y from 'yjs'

export type Set = readonly [key: string, value: number]

export const NOW = 1_795_418_741_399

/** A replicated map. `M` is the message that tells other replicas of updates. */
export interface MapOf<R, M> {
  readonly create: (id: number) => R
  readonly set: (replica: R, key: string, value: number) => R
  /** Sets all entries; one message for each. Not timed. */
  readonly tellEach: (entries: ReadonlyArray<Set>) => ReadonlyArray<M>
  readonly tellAll: (entries: ReadonlyArray<Set>) => M
  /**
   * For messages that are no bytes: a fresh copy, as JSON.parse gives it. An engine is slower with
   * strings that it has not seen before.
   */
  readonly arrived?: (message: M) => M
  readonly hear: (replica: R, message: M) => R
  /** A whole reconciliation in both directions, through bytes or JSON text. */
  readonly reconcile: (a: R, b: R) => readonly [R, R]
  readonly size: (replica: R) => number
}

export const keyOf = (i: number): string => `key${String(i)}`

export const entriesOf = (n: number): ReadonlyArray<Set> => Array.from({ length: n }, (_, i) => [keyOf(i), i])

export const overTheWire = <A>(value: A): A => JSON.parse(JSON.stringify(value)) as A

/** Not digits alone: an engine takes these for array indices, and then JSON is slower. */
const nameOf = (id: number): string => `r${String(id)}`

type Ours = Replica<Model.State<number>, Model.Change<number>>
type OursUpdate = Update<Model.Change<number>>

const { create, change, applyUpdate, applyUpdates, digest, reconcile } = scuttlebutt(Model.of(t.number))

const updatesOf = (entries: ReadonlyArray<Set>): ReadonlyArray<Update<Set>> =>
  entries.map((entry, i) => [entry, NOW + i, 'remote'])

export const ours: MapOf<Ours, OursUpdate | ReadonlyArray<OursUpdate>> = {
  create: (id) => create(nameOf(id)),
  set: (replica, key, value) => {
    const changed = change(Model.set(key, value), NOW)(replica)
    if (changed._tag === 'Left') throw new Error(changed.left._tag)
    return changed.right[1]
  },
  tellEach: updatesOf,
  tellAll: updatesOf,
  arrived: overTheWire,
  hear: (replica, message) =>
    typeof message[1] === 'number'
      ? applyUpdate(message as OursUpdate)(replica)
      : applyUpdates(message as ReadonlyArray<OursUpdate>)(replica),
  reconcile: (a, b) => {
    const replicas = [a, b]
    let message = { digest: digest(a), updates: [] as ReadonlyArray<OursUpdate> }
    for (let to = 1; ; to = 1 - to) {
      const [next, answer] = reconcile(overTheWire(message))(replicas[to]!)
      replicas[to] = next
      if (answer._tag === 'None') return [replicas[0]!, replicas[1]!]
      message = answer.value
    }
  },
  size: ({ state }) => Model.size(state),
}

interface Original {
  readonly sources: Readonly<Record<string, number>>
  _update: (update: Update<Set>) => boolean
  set: (key: string, value: number) => void
  history: (sources: Readonly<Record<string, number>>) => ReadonlyArray<Update<Set>>
  keys: () => ReadonlyArray<string>
}

const OriginalModel = createRequire(import.meta.url)('scuttlebutt/model') as new (id: string) => Original

export const original: MapOf<Original, Update<Set> | ReadonlyArray<Update<Set>>> = {
  create: (id) => new OriginalModel(nameOf(id)),
  set: (model, key, value) => {
    model.set(key, value)
    return model
  },
  tellEach: updatesOf,
  tellAll: updatesOf,
  arrived: overTheWire,
  hear: (model, message) => {
    if (typeof message[1] === 'number') model._update(message as Update<Set>)
    else for (const update of message as ReadonlyArray<Update<Set>>) model._update(update)
    return model
  },
  reconcile: (a, b) => {
    const [toB, toA] = [overTheWire(a.history(overTheWire(b.sources))), overTheWire(b.history(overTheWire(a.sources)))]
    for (const update of toB) b._update(update)
    for (const update of toA) a._update(update)
    return [a, b]
  },
  size: (model) => model.keys().length,
}

export const yjs: MapOf<Y.Doc, Uint8Array> = {
  create: (id) => {
    const doc = new Y.Doc()
    doc.clientID = id
    return doc
  },
  set: (doc, key, value) => {
    doc.getMap('m').set(key, value)
    return doc
  },
  tellEach: (entries) => {
    const [doc, told] = [new Y.Doc(), [] as Uint8Array[]]
    doc.on('update', (update) => told.push(update))
    for (const [key, value] of entries) doc.getMap('m').set(key, value)
    return told
  },
  tellAll: (entries) => {
    const doc = new Y.Doc()
    for (const [key, value] of entries) doc.getMap('m').set(key, value)
    return Y.encodeStateAsUpdate(doc)
  },
  hear: (doc, update) => {
    Y.applyUpdate(doc, update)
    return doc
  },
  reconcile: (a, b) => {
    const [toB, toA] = [
      Y.encodeStateAsUpdate(a, Y.encodeStateVector(b)),
      Y.encodeStateAsUpdate(b, Y.encodeStateVector(a)),
    ]
    Y.applyUpdate(b, toB)
    Y.applyUpdate(a, toA)
    return [a, b]
  },
  size: (doc) => doc.getMap('m').size,
}

const mapIn = (doc: LoroDoc): LoroMap => doc.getMap('m')

export const loro: MapOf<LoroDoc, Uint8Array> = {
  create: (id) => {
    const doc = new LoroDoc()
    doc.setPeerId(BigInt(id))
    return doc
  },
  set: (doc, key, value) => {
    mapIn(doc).set(key, value)
    doc.commit()
    return doc
  },
  tellEach: (entries) => {
    const doc = new LoroDoc()
    return entries.map(([key, value]) => {
      const from = doc.version()
      mapIn(doc).set(key, value)
      doc.commit()
      return doc.export({ mode: 'update', from })
    })
  },
  tellAll: (entries) => {
    const doc = new LoroDoc()
    for (const [key, value] of entries) mapIn(doc).set(key, value)
    doc.commit()
    return doc.export({ mode: 'update' })
  },
  hear: (doc, update) => {
    doc.import(update)
    return doc
  },
  reconcile: (a, b) => {
    const [toB, toA] = [
      a.export({ mode: 'update', from: b.version() }),
      b.export({ mode: 'update', from: a.version() }),
    ]
    b.import(toB)
    a.import(toA)
    return [a, b]
  },
  size: (doc) => mapIn(doc).size,
}

export const tinybase: MapOf<MergeableStore, MergeableChanges> = {
  create: (id) => createMergeableStore(String(id)),
  set: (store, key, value) => store.setValue(key, value),
  tellEach: (entries) => {
    const [store, told] = [createMergeableStore('remote'), [] as MergeableChanges[]]
    store.addDidFinishTransactionListener(() => told.push(store.getTransactionMergeableChanges()))
    for (const [key, value] of entries) store.setValue(key, value)
    return told
  },
  tellAll: (entries) => {
    const store = createMergeableStore('remote')
    for (const [key, value] of entries) store.setValue(key, value)
    return store.getMergeableContent() as unknown as MergeableChanges
  },
  arrived: overTheWire,
  hear: (store, changes) => store.applyMergeableChanges(changes),
  reconcile: (a, b) => {
    const [toB, toA] = [overTheWire(a.getMergeableContent()), overTheWire(b.getMergeableContent())]
    b.applyMergeableChanges(toB)
    a.applyMergeableChanges(toA)
    return [a, b]
  },
  size: (store) => store.getValueIds().length,
}

type Doc = Automerge.Doc<Record<string, number>>

const setIn = (doc: Doc, entries: ReadonlyArray<Set>): Doc =>
  Automerge.change(doc, (draft) => {
    for (const [key, value] of entries) draft[key] = value
  })

export const automerge: MapOf<Doc, ReadonlyArray<Automerge.Change>> = {
  create: (id) => Automerge.init<Record<string, number>>({ actor: id.toString(16).padStart(8, '0') }),
  set: (doc, key, value) => setIn(doc, [[key, value]]),
  tellEach: (entries) => {
    let doc = Automerge.init<Record<string, number>>()
    return entries.map((entry) => {
      doc = setIn(doc, [entry])
      return [Automerge.getLastLocalChange(doc)!]
    })
  },
  tellAll: (entries) => Automerge.getAllChanges(setIn(Automerge.init<Record<string, number>>(), entries)),
  hear: (doc, changes) => Automerge.applyChanges(doc, [...changes])[0],
  reconcile: (a, b) => {
    const [toB, toA] = [Automerge.getChanges(b, a), Automerge.getChanges(a, b)]
    return [Automerge.applyChanges(a, toA)[0], Automerge.applyChanges(b, toB)[0]]
  },
  size: (doc) => Object.keys(doc).length,
}

/** For local writes only. */
export const jsonJoy = {
  create: () => {
    const model = JsonJoy.create()
    model.api.set({})
    return model
  },
  set: (model: JsonJoy, key: string, value: number): JsonJoy => {
    model.api.obj([]).set({ [key]: value })
    model.api.flush()
    return model
  },
  size: (model: JsonJoy): number => Object.keys(model.view() as object).length,
}
