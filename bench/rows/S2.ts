/** S2: remote updates, applied one by one. */
import type { Row } from '../harness.js'
import { automerge, loro, original, ours, tinybase, yjs } from '../maps.js'
import { atOnce, oneByOne } from '../works.js'

export const row: Row = {
  id: 'S2',
  title: 'apply n remote updates, one by one',
  unit: 'µs an update',
  sizes: [1e3, 1e4, 1e5, 1e6],
  quick: [1e5],
  contestants: {
    'scuttlebutt-ts': oneByOne(ours),
    scuttlebutt: oneByOne(original),
    'Yjs, as one batch': atOnce(yjs),
    Yjs: oneByOne(yjs, 1e5),
    Loro: oneByOne(loro, 1e4),
    TinyBase: oneByOne(tinybase, 1e4),
    Automerge: oneByOne(automerge, 1e3),
  },
  goals: [{ peer: 'Yjs, as one batch', n: 1e5, atMost: 1 }],
}
