/** As S1, where every key was written five times before: what a peer sends of what is gone. */
import type { Row } from '../harness.js'
import { loro, original, ours, yjs } from '../maps.js'
import { reconciling } from '../works.js'

const TIMES = 6

export const row: Row = {
  id: 'overwritten',
  title: 'two replicas of n keys, each written six times, 5 updates apart on each side, reconcile',
  unit: 'ms',
  sizes: [1e3, 1e4, 1e5],
  quick: [1e4],
  contestants: {
    'scuttlebutt-ts': reconciling(ours, undefined, TIMES),
    scuttlebutt: reconciling(original, undefined, TIMES),
    Yjs: reconciling(yjs, undefined, TIMES),
    Loro: reconciling(loro, 1e4, TIMES),
  },
}
