/** S8: what a held update takes, and what 1,000 versions do that are kept alive; and the digest of many sources. */
import * as t from 'io-ts'
import { Model, scuttlebutt } from 'scuttlebutt-ts'
import * as Y from 'yjs'
import { timed, verify, type Contestant, type Row } from '../harness.js'
import { entriesOf, keyOf, loro, NOW, original, ours, yjs, type MapOf } from './maps.js'

const collect = (): number => {
  for (let i = 0; i < 4; i++) (globalThis as unknown as { readonly gc: () => void }).gc()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  return heapUsed + external + arrayBuffers
}

/** What is kept takes, in bytes by n. What it was made from is not counted: keys are made anew. */
const weighing = (make: (n: number) => unknown): Contestant => ({
  work: (n) => {
    const before = collect()
    const kept = make(n)
    const after = collect()
    verify(kept !== undefined, 'nothing was kept')
    return (after - before) / n
  },
})

/** As they come from a peer: parsed, one at a time. */
const heard =
  <R, M>(map: MapOf<R, M>) =>
  (n: number): R => {
    let replica = map.create(1)
    const messages = map.tellEach(entriesOf(n))
    for (const message of messages) replica = map.hear(replica, message)
    return replica
  }

/** A replica of a million or so is not needed to see what one version costs. */
const KEYS = 1e4

const versions = (n: number): unknown => {
  let replica = heard(ours)(KEYS)
  const kept = [replica]
  for (let i = 0; i < n; i++) {
    replica = ours.set(replica, keyOf((i * 7919) % KEYS), i)
    kept.push(replica)
  }
  return kept
}

/** Yjs keeps a version as a snapshot, and all that was ever deleted. */
const snapshots = (n: number): unknown => {
  const doc = heard(yjs)(KEYS)
  doc.gc = false
  const kept: unknown[] = [doc]
  for (let i = 0; i < n; i++) {
    yjs.set(doc, keyOf((i * 7919) % KEYS), i)
    kept.push(Y.snapshot(doc))
  }
  return kept
}

const { create, applyUpdates, digest } = scuttlebutt(Model.of(t.number))

const header = (of: 'ms' | 'bytes'): Contestant => ({
  work: (n) => {
    const replica = applyUpdates(entriesOf(n).map((entry, i) => [entry, NOW + i, `source${String(i)}`] as const))(
      create('a'),
    )
    let text = ''
    const ms = timed(() => {
      text = JSON.stringify(digest(replica))
    })
    return of === 'ms' ? ms : text.length
  },
})

const originalHeader = (of: 'ms' | 'bytes'): Contestant => ({
  work: (n) => {
    const model = original.create(1)
    for (const [i, entry] of entriesOf(n).entries()) model._update([entry, NOW + i, `source${String(i)}`])
    let text = ''
    const ms = timed(() => {
      text = JSON.stringify({ id: '1', clock: model.sources })
    })
    return of === 'ms' ? ms : text.length
  },
})

const sizes = { sizes: [1e3, 1e4, 1e5], quick: [1e4] } as const

export const rows: ReadonlyArray<Row> = [
  {
    ...sizes,
    id: 'S8',
    title: 'memory that a held update takes, of n',
    unit: 'bytes an update',
    contestants: {
      'scuttlebutt-ts': weighing(heard(ours)),
      scuttlebutt: weighing(heard(original)),
      Yjs: weighing(heard(yjs)),
      Loro: { ...weighing(heard(loro)), most: 1e4 },
    },
    goals: [{ peer: 'scuttlebutt', n: 1e5, atMost: 1 }],
  },
  {
    id: 'S8 versions',
    title: `memory that each of n versions takes, all kept, of a map of ${String(KEYS)} keys in which one is set each time`,
    unit: 'bytes an update',
    sizes: [1e3],
    quick: [1e3],
    contestants: { 'scuttlebutt-ts': weighing(versions), 'Yjs, snapshots': weighing(snapshots) },
  },
  {
    ...sizes,
    id: 'sources',
    title: 'the header of a handshake, of n sources with an update each: made and written',
    unit: 'ms',
    contestants: { 'scuttlebutt-ts': header('ms'), scuttlebutt: originalHeader('ms') },
  },
]
