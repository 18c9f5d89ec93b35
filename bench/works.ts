/** What is measured of a map: apply remote updates, one by one or in a batch; write; reconcile. */
import { repeated, timed, verify, type Contestant } from './harness.js'
import { entriesOf, keyOf, type MapOf } from './maps.js'

export const microseconds = (ms: number, n: number): number => (ms * 1000) / n

const within = (most: number | undefined): Pick<Contestant, 'most'> => (most === undefined ? {} : { most })

const identity = <A>(a: A): A => a

/** Makes a value once for each n, outside the measured time. */
export const oncePerSize = <A>(make: (n: number) => A): ((n: number) => A) => {
  const known = new Map<number, A>()
  return (n) => {
    const before = known.get(n)
    if (before !== undefined) return before
    const made = make(n)
    known.set(n, made)
    return made
  }
}

/** Applies n remote updates one by one. */
export const oneByOne = <R, M>(map: MapOf<R, M>, most?: number): Contestant => {
  const messages = oncePerSize((n) => map.tellEach(entriesOf(n)))
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

/** Applies n remote updates as one batch. */
export const atOnce = <R, M>(map: MapOf<R, M>, most?: number): Contestant => {
  const message = oncePerSize((n) => map.tellAll(entriesOf(n)))
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

/** Makes n local writes one by one. */
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

/** Updates that only one side has, on either side. */
const APART = 5

/** How long one pair of replicas reconciles again and again. */
const PATIENCE_MS = 200
const MOST_ROUNDS = 101

/** Two replicas share n keys. In each round both write five updates, then they reconcile. */
export const reconciling = <R, M>(
  map: MapOf<R, M>,
  most?: number,
  tell: (n: number) => M = (n) => map.tellAll(entriesOf(n)),
): Contestant => ({
  ...within(most),
  work: (n) => {
    const common = tell(n)
    let [a, b] = [map.hear(map.create(1), common), map.hear(map.create(2), common)]
    const cost = repeated(PATIENCE_MS, MOST_ROUNDS, (i) => {
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
