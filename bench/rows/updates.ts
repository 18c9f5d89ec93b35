/** S2, S3 and S4: updates of others one at a time and all at once, and one's own. */
import { timed, verify, type Contestant, type Row } from '../harness.js'
import { automerge, entriesOf, jsonJoy, keyOf, loro, original, ours, tinybase, yjs, type MapOf } from './maps.js'

const microseconds = (ms: number, n: number): number => (ms * 1000) / n

const within = (most: number | undefined): Pick<Contestant, 'most'> => (most === undefined ? {} : { most })

const identity = <A>(a: A): A => a

/** What was told, by size: telling is no part of the work. */
const told = <A>(tell: (n: number) => A): ((n: number) => A) => {
  const known = new Map<number, A>()
  return (n) => {
    const before = known.get(n)
    if (before !== undefined) return before
    const made = tell(n)
    known.set(n, made)
    return made
  }
}

const oneByOne = <R, M>(map: MapOf<R, M>, most?: number): Contestant => {
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

const atOnce = <R, M>(map: MapOf<R, M>, most?: number): Contestant => {
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

const local = <R>(map: Pick<MapOf<R, never>, 'create' | 'size' | 'set'>, most?: number): Contestant => ({
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

const common = { unit: 'µs an update', sizes: [1e3, 1e4, 1e5], quick: [1e3, 1e5] } as const

export const rows: ReadonlyArray<Row> = [
  {
    ...common,
    id: 'S2',
    title: 'n updates of another, one at a time',
    contestants: {
      'scuttlebutt-ts': oneByOne(ours),
      scuttlebutt: oneByOne(original),
      'Yjs, as one batch': atOnce(yjs),
      Yjs: oneByOne(yjs),
      Loro: oneByOne(loro, 1e4),
      TinyBase: oneByOne(tinybase, 1e4),
      Automerge: oneByOne(automerge, 1e3),
    },
    goals: [{ peer: 'Yjs, as one batch', n: 1e5, atMost: 1 }],
  },
  {
    ...common,
    id: 'S3',
    title: 'n updates of another, as one batch',
    contestants: {
      'scuttlebutt-ts': atOnce(ours),
      scuttlebutt: atOnce(original),
      Yjs: atOnce(yjs),
      Loro: atOnce(loro),
      TinyBase: atOnce(tinybase),
      Automerge: atOnce(automerge, 1e4),
    },
    goals: [{ peer: 'scuttlebutt', n: 1e5, atMost: 1 }],
  },
  {
    ...common,
    id: 'S4',
    title: 'n local writes, one at a time',
    contestants: {
      'scuttlebutt-ts': local(ours),
      scuttlebutt: local(original),
      Yjs: local(yjs),
      Loro: local(loro),
      TinyBase: local(tinybase),
      'json-joy': local(jsonJoy),
      Automerge: local(automerge, 1e3),
    },
    goals: [{ peer: 'Yjs', n: 1e5, atMost: 0.8 }],
  },
]
