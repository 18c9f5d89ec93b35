/** S1: two replicas of n keys, five updates apart on each side. */
import { timed, verify, type Contestant, type Row } from '../harness.js'
import { automerge, entriesOf, loro, original, ours, tinybase, yjs, type MapOf } from './maps.js'

const APART = 5

/** How long one pair is kept at it, in ms, and how often at most: both are written to in between. */
const PATIENCE = 200
const MOST = 101

const reconciling = <R, M>(map: MapOf<R, M>, most?: number): Contestant => ({
  ...(most === undefined ? {} : { most }),
  work: (n) => {
    const common = map.tellAll(entriesOf(n))
    let [a, b] = [map.hear(map.create(1), common), map.hear(map.create(2), common)]
    const times: number[] = []
    const end = performance.now() + PATIENCE
    for (let i = 0; times.length === 0 || (performance.now() < end && i < MOST); i++) {
      for (let j = 0; j < APART; j++) {
        a = map.set(a, `a${String(j)}`, i)
        b = map.set(b, `b${String(j)}`, i)
      }
      times.push(
        timed(() => {
          ;[a, b] = map.reconcile(a, b)
        }),
      )
    }
    for (const replica of [a, b]) verify(map.size(replica) === n + 2 * APART, `${String(map.size(replica))} keys`)
    return times.sort((x, y) => x - y)[times.length >> 1]!
  },
})

export const row: Row = {
  id: 'S1',
  title: 'two replicas of n keys, 5 updates apart on each side, reconcile',
  unit: 'ms',
  sizes: [1e3, 1e4, 1e5, 1e6],
  quick: [1e3, 1e5],
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
