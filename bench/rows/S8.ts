/** S8: the memory of an update, and of 1,000 versions that are all kept. */
import * as Y from 'yjs'
import { weigh, type Contestant, type Row } from '../harness.js'
import { entriesOf, keyOf, loro, original, ours, yjs, type MapOf } from '../maps.js'

/** Bytes divided by n. Keys are made anew, so they count. */
const weighing = (make: (n: number) => unknown): Contestant => ({ work: (n) => weigh(() => make(n)) / n })

/** Applies updates one by one, as a peer sends them. */
const heard =
  <R, M>(map: MapOf<R, M>) =>
  (n: number): R => {
    let replica = map.create(1)
    const messages = map.tellEach(entriesOf(n))
    for (const message of messages) replica = map.hear(replica, message)
    return replica
  }

/** The cost of one version hardly depends on it. */
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

/** In Yjs a version is a snapshot, and deleted content must be kept for it. */
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

export const rows: ReadonlyArray<Row> = [
  {
    id: 'S8',
    title: 'memory of an update in a replica of n',
    unit: 'bytes an update',
    sizes: [1e3, 1e4, 1e5, 1e6],
    quick: [1e4],
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
    title: `memory of a version: n are kept, of a map of ${String(KEYS)} keys; each sets one key`,
    unit: 'bytes an update',
    sizes: [1e3],
    quick: [1e3],
    contestants: { 'scuttlebutt-ts': weighing(versions), 'Yjs, snapshots': weighing(snapshots) },
  },
]
