/** S1 after every key was overwritten five times: superseded updates should cost nothing. */
import type { Contestant, Row } from '../harness.js'
import { entriesOf, loro, original, ours, yjs, type MapOf } from '../maps.js'
import { reconciling } from '../works.js'

const TIMES = 6

const overwriting = <R, M>(map: MapOf<R, M>, most?: number): Contestant =>
  reconciling(map, most, (n) => map.tellAll(Array.from({ length: TIMES }, () => entriesOf(n)).flat()))

export const row: Row = {
  id: 'overwritten',
  title: 'two replicas of n keys, each written six times, reconcile, 5 updates apart on each side',
  unit: 'ms',
  sizes: [1e3, 1e4, 1e5],
  quick: [],
  contestants: {
    'scuttlebutt-ts': overwriting(ours),
    scuttlebutt: overwriting(original),
    Yjs: overwriting(yjs),
    Loro: overwriting(loro, 1e4),
  },
}
