/** S3: remote updates, applied as one batch. */
import type { Row } from '../harness.js'
import { automerge, loro, original, ours, tinybase, yjs } from '../maps.js'
import { atOnce } from '../works.js'

export const row: Row = {
  id: 'S3',
  title: 'apply n remote updates as one batch',
  unit: 'µs an update',
  sizes: [1e3, 1e4, 1e5, 1e6],
  quick: [1e5],
  contestants: {
    'scuttlebutt-ts': atOnce(ours),
    scuttlebutt: atOnce(original),
    Yjs: atOnce(yjs),
    Loro: atOnce(loro, 1e5),
    TinyBase: atOnce(tinybase, 1e5),
    Automerge: atOnce(automerge, 1e4),
  },
  goals: [{ peer: 'scuttlebutt', n: 1e5, atMost: 1 }],
}
