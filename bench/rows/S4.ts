/** S4: local writes. */
import type { Row } from '../harness.js'
import { automerge, jsonJoy, loro, original, ours, tinybase, yjs } from '../maps.js'
import { local } from '../works.js'

export const row: Row = {
  id: 'S4',
  title: 'make n local writes, one by one',
  unit: 'µs an update',
  sizes: [1e3, 1e4, 1e5, 1e6],
  quick: [1e5],
  contestants: {
    'scuttlebutt-ts': local(ours),
    scuttlebutt: local(original),
    Yjs: local(yjs),
    Loro: local(loro, 1e5),
    TinyBase: local(tinybase, 1e5),
    'json-joy': local(jsonJoy, 1e5),
    Automerge: local(automerge, 1e3),
  },
  goals: [{ peer: 'Yjs', n: 1e5, atMost: 0.8 }],
}
