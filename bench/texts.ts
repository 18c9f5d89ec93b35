/** Texts: edits of a real trace or of a made one, and how this package and its peers take them. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Model } from 'json-joy/lib/json-crdt/index.js'
import { scuttlebutt, Text, type Replica, type Update } from 'scuttlebutt-ts'
import * as Y from 'yjs'
import { oncePerSize } from './works.js'

/** Position and number of code units removed, and what is inserted there. */
export type Edit = readonly [at: number, removed: number, inserted: string]

export type TextUpdate = Update<Text.Change>
export type Pad = Replica<Text.State, Text.Change>

/** Where the traces of github.com/josephg/editing-traces are, and which to take. */
const { TRACES, TRACE = 'automerge-paper' } = process.env

const NOW = 1_795_418_741_399

/** Between two keys, in ms. */
const PAUSE = 120

interface Trace {
  readonly startContent?: string
  readonly endContent: string
  readonly numAgents?: number
  readonly txns: ReadonlyArray<Transaction>
}

/** Edits of one agent, who has heard the transactions named by `parents`, and those before them. */
interface Transaction {
  readonly agent?: number
  readonly parents?: ReadonlyArray<number>
  readonly patches: ReadonlyArray<Edit>
}

const traceOf = (folder: string, name: string): Trace =>
  JSON.parse(gunzipSync(readFileSync(path.join(folder, `${name}.json.gz`))).toString()) as Trace

/** A sequence of numbers from 0 up to 1, the same each time. */
export const dice = (seed: number): (() => number) => {
  let state = seed
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647
}

/** Someone types words, takes letters back, and now and then goes elsewhere. */
const made = (n: number): ReadonlyArray<Edit> => {
  const roll = dice(1)
  const edits: Edit[] = []
  let [at, size] = [0, 0]
  while (edits.length < n) {
    const luck = roll()
    if (luck < 0.03) at = Math.floor(roll() * (size + 1))
    const isErasing = luck < 0.2 && at > 0
    edits.push(isErasing ? [at - 1, 1, ''] : [at, 0, 'etaoin shrdlu'[Math.floor(roll() * 13)]!])
    at += isErasing ? -1 : 1
    size += isErasing ? -1 : 1
  }
  return edits
}

/** The first n edits of the trace named by TRACE in the folder TRACES, or of a made one. */
export const edits = oncePerSize((n): ReadonlyArray<Edit> => {
  if (TRACES === undefined) return made(n)
  const { startContent = '', txns } = traceOf(TRACES, TRACE)
  const start: ReadonlyArray<Edit> = startContent === '' ? [] : [[0, 0, startContent]]
  return [...start, ...txns.flatMap(({ patches }) => patches)].slice(0, n)
})

/** The text after n edits: what a whole trace says itself, else by {@link resultOf}. */
export const endOf = oncePerSize((n): string => {
  const all = edits(n)
  const end = TRACES === undefined ? undefined : traceOf(TRACES, TRACE)
  const isWhole = end !== undefined && all.length >= end.txns.reduce((sum, { patches }) => sum + patches.length, 0)
  return isWhole ? end.endContent : resultOf(all)
})

/** Several who write at once, as in the trace `friendsforever`, and all that they send. */
export interface Conversation {
  readonly end: string
  readonly updates: ReadonlyArray<TextUpdate>
  readonly yjs: ReadonlyArray<Uint8Array>
}

/** Undefined without a folder of traces. Each writer hears others as the trace says. */
export const conversation = (): Conversation | undefined => {
  if (TRACES === undefined) return undefined
  const { endContent, numAgents = 1, txns } = traceOf(TRACES, 'friendsforever')
  const known = Array.from({ length: numAgents }, () => new Set<number>())
  const pads = known.map((_, agent) => pad.create(`agent${String(agent)}`))
  // Yjs breaks ties by these
  const docs = known.map((_, agent) => Object.assign(new Y.Doc(), { clientID: agent + 1 }))
  const updates: TextUpdate[][] = []
  const yjs: Uint8Array[][] = []
  for (const doc of docs) {
    doc.on('update', (update: Uint8Array, origin: unknown) => origin !== 'peer' && yjs.at(-1)!.push(update))
  }
  for (const [i, { agent = 0, parents = [], patches }] of txns.entries()) {
    const heard: number[] = []
    const rest = [...parents]
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      if (known[agent]!.has(next)) continue
      known[agent]!.add(next)
      heard.push(next)
      rest.push(...(txns[next]!.parents ?? []))
    }
    known[agent]!.add(i)
    heard.sort((a, b) => a - b)
    for (const j of heard) for (const update of yjs[j]!) Y.applyUpdate(docs[agent]!, update, 'peer')
    const before = pad.applyUpdates(heard.flatMap((j) => updates[j]!))(pads[agent]!)
    updates.push([])
    yjs.push([])
    pads[agent] = written(patches, (update) => updates[i]!.push(update), before)
    inYjs(patches, undefined, docs[agent])
  }
  return { end: endContent, updates: updates.flat(), yjs: yjs.flat() }
}

/** Inserts of a letter at random places. */
export const scattered = oncePerSize((n): ReadonlyArray<Edit> => {
  const roll = dice(2)
  return Array.from({ length: n }, (_, i): Edit => [Math.floor(roll() * (i + 1)), 0, 'x'])
})

/** What the edits give, by the string itself. */
export const resultOf = (all: ReadonlyArray<Edit>): string => {
  let text: string[] = []
  for (const [at, removed, inserted] of all) {
    if (removed < 1000 && inserted.length < 1000) text.splice(at, removed, ...Array.from(inserted))
    else text = [...text.slice(0, at), ...Array.from(inserted), ...text.slice(at + removed)]
  }
  return text.join('')
}

export const pad = scuttlebutt(Text)

/** The structure alone: each edit as a change, taken by `own`. */
export const ownState = (all: ReadonlyArray<Edit>, keep?: (state: Text.State) => void): Text.State => {
  let { empty: state }: { readonly empty: Text.State } = Text
  let timestamp = NOW
  for (const [at, removed, inserted] of all) {
    timestamp += PAUSE
    const made = Text.splice(at, removed, inserted)(state, { timestamp, source: 'ann' })
    if (made._tag === 'Left') throw new Error(made.left._tag)
    state = Text.own([made.right, timestamp, 'ann'])(state).state
    keep?.(state)
  }
  return state
}

/** A whole replica, and the update of each edit. */
export const written = (
  all: ReadonlyArray<Edit>,
  tell?: (update: TextUpdate) => void,
  before: Pad = pad.create('ann'),
): Pad => {
  let replica = before
  let now = Math.max(NOW, before.clock.latest)
  for (const [at, removed, inserted] of all) {
    const changed = pad.change(Text.splice(at, removed, inserted), (now += PAUSE))(replica)
    if (changed._tag === 'Left') throw new Error(changed.left._tag)
    replica = changed.right[1]
    tell?.(changed.right[0])
  }
  return replica
}

export const inYjs = (
  all: ReadonlyArray<Edit>,
  tell?: (update: Uint8Array) => void,
  doc: Y.Doc = new Y.Doc(),
): Y.Doc => {
  if (tell !== undefined) doc.on('update', tell)
  const text = doc.getText('text')
  for (const [at, removed, inserted] of all) {
    doc.transact(() => {
      if (removed > 0) text.delete(at, removed)
      if (inserted !== '') text.insert(at, inserted)
    })
  }
  return doc
}

/** With `tell`, each edit as a patch in bytes. */
export const inJsonJoy = (all: ReadonlyArray<Edit>, tell?: (patch: Uint8Array) => void): string => {
  const model = Model.create()
  model.api.set('')
  const text = model.api.str([])
  for (const [at, removed, inserted] of all) {
    if (removed > 0) text.del(at, removed)
    if (inserted !== '') text.ins(at, inserted)
    const patch = model.api.flush()
    tell?.(patch.toBinary())
  }
  return text.view()
}
