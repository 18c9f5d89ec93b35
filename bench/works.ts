/** What there is to do with a map of any kind: hear of updates one at a time or all at once, write, reconcile. */
import { repeated, timed, verify, type Contestant } from './harness.js'
import { entriesOf, keyOf, type MapOf } from './maps.js'

export const microseconds = (ms: number, n: number): number => (ms * 1000) / n

const within = (most: number | undefined): Pick<Contestant, 'most'> => (most === undefined ? {} : { most })

const identity = <A>(a: A): A => a

/** What is made once for each size: making it is no part of the work. */
export const told = <A>(tell: (n: number) => A): ((n: number) => A) => {
  const known = new Map<number, A>()
  return (n) => {
    const before = known.get(n)
    if (before !== undefined) return before
    const made = tell(n)
    known.set(n, made)
    return made
  }
}

/** Each is heard by itself; telling is not timed. */
export const oneByOne = <R, M>(map: MapOf<R, M>, most?: number): Contestant => {
  const messages = told((n) => map.tellEach(entriesOf(n)))
  return {
    ...within(most),
    work: (n) => {
      const all = messages(n).map(map.arrived ?? identity)
      let replica = map.create(1)
      const ms = timed(() => {
        for (const message of all) replica = map.hear(replica, message)
      })
      verify(map.size(replica) === n, `${String(map.size(replica))} keys`)
      return microseconds(ms, n)
    },
  }
}

/** All are heard as one batch. */
export const atOnce = <R, M>(map: MapOf<R, M>, most?: number): Contestant => {
  const message = told((n) => map.tellAll(entriesOf(n)))
  return {
    ...within(most),
    work: (n) => {
      const all = (map.arrived ?? identity)(message(n))
      let replica = map.create(1)
      const ms = timed(() => {
        replica = map.hear(replica, all)
      })
      verify(map.size(replica) === n, `${String(map.size(replica))} keys`)
      return microseconds(ms, n)
    },
  }
}

/** Local writes, one at a time. */
export const local = <R>(map: Pick<MapOf<R, never>, 'create' | 'size' | 'set'>, most?: number): Contestant => ({
  ...within(most),
  work: (n) => {
    let replica = map.create(1)
    const ms = timed(() => {
      for (let i = 0; i < n; i++) replica = map.set(replica, keyOf(i), i)
    })
    verify(map.size(replica) === n, `${String(map.size(replica))} keys`)
    return microseconds(ms, n)
  },
})

const APART = 5

/** How long one pair is kept at it, in ms, and how often at most: both are written to in between. */
const PATIENCE = 200
const MOST = 101

/** Two replicas that share n keys, as `tell` tells of them, go apart by five on each side, again and again. */
export const reconciling = <R, M>(
  map: MapOf<R, M>,
  most?: number,
  tell: (n: number) => M = (n) => map.tellAll(entriesOf(n)),
): Contestant => ({
  ...within(most),
  work: (n) => {
    const common = tell(n)
    let [a, b] = [map.hear(map.create(1), common), map.hear(map.create(2), common)]
    const cost = repeated(PATIENCE, MOST, (i) => {
      for (let j = 0; j < APART; j++) {
        a = map.set(a, `a${String(j)}`, i)
        b = map.set(b, `b${String(j)}`, i)
      }
      return timed(() => {
        ;[a, b] = map.reconcile(a, b)
      })
    })
    for (const replica of [a, b]) verify(map.size(replica) === n + 2 * APART, `${String(map.size(replica))} keys`)
    return cost
  },
})
