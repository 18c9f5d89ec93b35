/** S6b: lists and rows beside their peers. Ours change one at a time, and keep every version. */
import * as t from 'io-ts'
import { LoroDoc, type LoroList } from 'loro-crdt'
import { Doc, RArray, scuttlebutt, type Command, type DataType, type Replica } from 'scuttlebutt-ts'
import { createMergeableStore } from 'tinybase'
import * as Y from 'yjs'
import { repeated, timed, verify, type Contestant, type Row } from '../harness.js'
import { NOW } from '../maps.js'

/** A pseudo-random index into an array of length i, its end included. */
const anywhere = (i: number): number => (Math.imul(i, 0x9e3779b1) >>> 0) % (i + 1)

const last = (i: number): number => i

const rarray = RArray.of(t.number)

const rows = Doc.of(t.union([t.number, t.string]))

const rowOf = (i: number): string => `row${String(i)}`

const built = <S, C>(
  dataType: DataType<S, C>,
  command: (i: number) => Command<S, C, unknown>,
  n: number,
  id = 'local',
): Replica<S, C> => {
  const { change, create } = scuttlebutt(dataType)
  let replica = create(id)
  for (let i = 0; i < n; i++) {
    const made = change(command(i), NOW)(replica)
    if (made._tag === 'Left') throw new Error(JSON.stringify(made.left))
    replica = made.right[1]
  }
  return replica
}

/** Makes something of n items, and says how many it has. */
const making = <A>(make: (n: number) => A, size: (made: A) => number, most = Infinity): Contestant => ({
  most,
  work: (n) => {
    let made: A | undefined
    const ms = timed(() => {
      made = make(n)
    })
    verify(size(made!) === n, 'the number of items')
    return ms
  },
})

const ourList = (indexOf: (i: number) => number): Contestant =>
  making(
    (n) => built(rarray, (i) => RArray.insert(indexOf(i), i), n),
    ({ state }) => RArray.length(state),
  )

const loroList = (indexOf: (i: number) => number): Contestant =>
  making(
    (n): LoroList => {
      const doc = new LoroDoc()
      const list = doc.getList('list')
      for (let i = 0; i < n; i++) list.insert(indexOf(i), i)
      doc.commit()
      return list
    },
    ({ length }) => length,
  )

const yList = (indexOf: (i: number) => number): Contestant =>
  making(
    (n) => {
      const list = new Y.Doc().getArray<number>('list')
      for (let i = 0; i < n; i++) list.insert(indexOf(i), [i])
      return list
    },
    ({ length }) => length,
    1e4,
  )

const setRow = (i: number) => Doc.set<number | string>(rowOf(i), { n: i, text: 'some text' })

const yRow = (doc: Y.Doc, i: number): void => {
  const row = new Y.Map<number | string>()
  row.set('n', i)
  row.set('text', 'some text')
  doc.getMap('rows').set(rowOf(i), row)
}

/** How long one pair of replicas reconciles again and again. */
const PATIENCE_MS = 100
const MOST_ROUNDS = 1001

/** Items that only one side has, on either side. */
const APART = 5

const ourReconciling = <S, C>(
  dataType: DataType<S, C>,
  command: (i: number) => Command<S, C, unknown>,
  size: (state: S) => number,
): Contestant => ({
  work: (n) => {
    const { applyUpdates, change, create, digest, history } = scuttlebutt(dataType)
    const common = history()(built(dataType, command, n, 'common'))
    type Of = Replica<S, C>
    const [left, right]: [Of, Of] = [applyUpdates(common)(create('a')), applyUpdates(common)(create('b'))]
    const apart = (replica: Of, from: number): Of => {
      let next = replica
      for (let i = from; i < from + APART; i++) {
        const made = change(command(i), NOW)(next)
        if (made._tag === 'Right') next = made.right[1]
      }
      return next
    }
    const tell = (to: Of, from: Of): Of =>
      applyUpdates(JSON.parse(JSON.stringify(history(digest(to).clock)(from))) as typeof common)(to)
    let [a, b] = [left, right]
    const cost = repeated(PATIENCE_MS, MOST_ROUNDS, () => {
      ;[a, b] = [apart(left, n), apart(right, n + APART)]
      return timed(() => {
        ;[a, b] = [tell(a, b), tell(b, a)]
      })
    })
    verify(size(a.state) === n + 2 * APART && size(b.state) === n + 2 * APART, dataType.name)
    return cost
  },
})

/** A document cannot go back, so each round is 10 items larger. */
const yReconciling = (write: (doc: Y.Doc, i: number) => void, size: (doc: Y.Doc) => number): Contestant => ({
  work: (n) => {
    const [a, b] = [new Y.Doc(), new Y.Doc()]
    a.transact(() => {
      for (let i = 0; i < n; i++) write(a, i)
    })
    Y.applyUpdate(b, Y.encodeStateAsUpdate(a))
    let next = n
    const cost = repeated(PATIENCE_MS, MOST_ROUNDS, () => {
      for (const doc of [a, b]) for (let i = 0; i < APART; i++) write(doc, next++)
      return timed(() => {
        const [toB, toA] = [
          Y.encodeStateAsUpdate(a, Y.encodeStateVector(b)),
          Y.encodeStateAsUpdate(b, Y.encodeStateVector(a)),
        ]
        Y.applyUpdate(b, toB)
        Y.applyUpdate(a, toA)
      })
    })
    verify(size(a) === next && size(b) === next, 'Yjs')
    return cost
  },
})

const sizes = { unit: 'ms', sizes: [1e3, 1e4, 1e5], quick: [1e4] } as const

export const listRows: ReadonlyArray<Row> = [
  {
    ...sizes,
    id: 'S6b push',
    title: 'n times an item at the end of a list: ours and Yjs one at a time, Loro in one transaction',
    contestants: { 'scuttlebutt-ts': ourList(last), Loro: loroList(last), Yjs: yList(last) },
    goals: [{ peer: 'Loro', n: 1e5, atMost: 2.5 }],
  },
  {
    ...sizes,
    id: 'S6b anywhere',
    title: 'n times an item at any index of a list: ours and Yjs one at a time, Loro in one transaction',
    contestants: { 'scuttlebutt-ts': ourList(anywhere), Loro: loroList(anywhere), Yjs: yList(anywhere) },
    goals: [
      { peer: 'Loro', n: 1e5, atMost: 4 },
      { peer: 'Yjs', n: 1e4, atMost: 0.5 },
    ],
  },
  {
    ...sizes,
    id: 'S6b read',
    title: 'a list of n items as an array',
    contestants: {
      'scuttlebutt-ts': {
        work: (n) => {
          const { state } = built(rarray, (i) => RArray.push(i), n)
          return repeated(PATIENCE_MS, MOST_ROUNDS, () => timed(() => RArray.toArray(state)))
        },
      },
      Yjs: {
        work: (n) => {
          const list = new Y.Doc().getArray('list')
          list.push(Array.from({ length: n }, (_, i) => i))
          return repeated(PATIENCE_MS, MOST_ROUNDS, () => timed(() => list.toArray()))
        },
      },
    },
    goals: [{ peer: 'Yjs', n: 1e5, atMost: 2 }],
  },
  {
    ...sizes,
    id: 'S6b rows',
    title: 'n times a row of two fields',
    contestants: {
      'scuttlebutt-ts': making(
        (n) => built(rows, setRow, n),
        ({ state }) => Doc.size(state),
      ),
      Yjs: making(
        (n) => {
          const doc = new Y.Doc()
          for (let i = 0; i < n; i++)
            doc.transact(() => {
              yRow(doc, i)
            })
          return doc
        },
        (doc) => doc.getMap('rows').size,
      ),
      TinyBase: making(
        (n) => {
          const store = createMergeableStore('local')
          for (let i = 0; i < n; i++) store.setRow('rows', rowOf(i), { n: i, text: 'some text' })
          return store
        },
        (store) => store.getRowCount('rows'),
      ),
    },
    goals: [
      { peer: 'Yjs', n: 1e5, atMost: 1 },
      { peer: 'TinyBase', n: 1e5, atMost: 0.5 },
    ],
  },
  {
    ...sizes,
    id: 'S6b reconcile list',
    title: 'two lists of n items, written at any index, reconcile, 5 items apart on each side',
    contestants: {
      'scuttlebutt-ts': ourReconciling(rarray, (i) => RArray.insert(anywhere(i) >> 1, i), RArray.length),
      Yjs: {
        ...yReconciling(
          (doc, i) => {
            doc.getArray('list').insert(anywhere(i) >> 1, [i])
          },
          (doc) => doc.getArray('list').length,
        ),
        most: 1e4,
      },
    },
    goals: [{ peer: 'Yjs', n: 1e4, atMost: 0.1 }],
  },
  {
    ...sizes,
    id: 'S6b reconcile rows',
    title: 'two documents of n rows reconcile, 5 rows apart on each side',
    contestants: {
      'scuttlebutt-ts': ourReconciling(rows, setRow, Doc.size),
      Yjs: yReconciling(yRow, (doc) => doc.getMap('rows').size),
    },
    goals: [{ peer: 'Yjs', n: 1e5, atMost: 0.1 }],
  },
]
