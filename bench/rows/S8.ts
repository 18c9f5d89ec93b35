/** S8: what a held update takes, and what 1,000 versions do that are kept alive. */
import * as Y from 'yjs'
import { weigh, type Contestant, type Row } from '../harness.js'
import { entriesOf, keyOf, loro, original, ours, yjs, type MapOf } from '../maps.js'

/** What is kept takes, in bytes by n. What it was made from is not counted: keys are made anew. */
const weighing = (make: (n: number) => unknown): Contestant => ({ work: (n) => weigh(() => make(n)) / n })

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

export const rows: ReadonlyArray<Row> = [
  {
    id: 'S8',
    title: 'memory that a held update takes, of n',
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
    title: `memory that each of n versions takes, all kept, of a map of ${String(KEYS)} keys in which one is set each time`,
    unit: 'bytes an update',
    sizes: [1e3],
    quick: [1e3],
    contestants: { 'scuttlebutt-ts': weighing(versions), 'Yjs, snapshots': weighing(snapshots) },
  },
]
