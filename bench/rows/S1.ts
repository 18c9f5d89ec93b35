/** S1: two replicas of n keys reconcile. */
import type { Row } from '../harness.js'
import { automerge, loro, original, ours, tinybase, yjs } from '../maps.js'
import { reconciling } from '../works.js'

export const row: Row = {
  id: 'S1',
  title: 'two replicas of n keys reconcile, 5 updates apart on each side',
  unit: 'ms',
  sizes: [1e3, 1e4, 1e5, 1e6],
  quick: [1e5],
  contestants: {
    'scuttlebutt-ts': reconciling(ours),
    scuttlebutt: reconciling(original, 1e5),
    Yjs: reconciling(yjs, 1e5),
    Loro: reconciling(loro, 1e5),
    TinyBase: reconciling(tinybase, 1e4),
    Automerge: reconciling(automerge, 1e4),
  },
  goals: [
    { peer: 'Loro', n: 1e5, atMost: 0.2 },
    { from: 1e3, to: 1e6, atMost: 2 },
  ],
}
