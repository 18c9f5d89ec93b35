/** The cost of a handshake when many sources have written. */
import * as t from 'io-ts'
import { Model, scuttlebutt, type Update } from 'scuttlebutt-ts'
import * as Y from 'yjs'
import { timed, verify, type Contestant, type Row } from '../harness.js'
import * as maps from '../maps.js'
import { entriesOf, NOW, type Set } from '../maps.js'
import { reconciling } from '../works.js'

const { create, applyUpdates, digest } = scuttlebutt(Model.of(t.number))

/** Makes the header of a handshake and encodes it as JSON. */
const telling = (make: (n: number) => () => unknown, of: 'ms' | 'bytes'): Contestant => ({
  work: (n) => {
    const header = make(n)
    let text = ''
    const ms = timed(() => {
      text = JSON.stringify(header())
    })
    verify(text.includes(`"source${String(n - 1)}"`), 'the header')
    return of === 'ms' ? ms : text.length
  },
})

const updatesOf = (n: number): ReadonlyArray<Update<Set>> =>
  entriesOf(n).map((entry, i) => [entry, NOW + i, `source${String(i)}`])

const ours = (n: number) => {
  const replica = applyUpdates(updatesOf(n))(create('r1'))
  return () => digest(replica)
}

const theirs = (n: number) => {
  const model = maps.original.create(1)
  for (const update of updatesOf(n)) model._update(update)
  return () => ({ id: 'r1', clock: model.sources })
}

const row = (id: string, what: string, unit: 'ms' | 'bytes'): Row => ({
  id,
  title: `the header of a handshake, n sources with an update each: ${what}`,
  unit,
  sizes: [1e3, 1e4, 1e5],
  quick: [],
  contestants: { 'scuttlebutt-ts': telling(ours, unit), scuttlebutt: telling(theirs, unit) },
})

/** The messages of n replicas that each wrote one entry. */
const each = <R, M>(map: maps.MapOf<R, M>, encode: (replica: R) => M, n: number): M[] =>
  entriesOf(n).map(([key, value], i) => encode(map.set(map.create(i + 10), key, value)))

const throughOne = (n: number): Uint8Array => {
  const all = maps.loro.create(1)
  for (const message of each(maps.loro, (doc) => doc.export({ mode: 'update' }), n)) all.import(message)
  return all.export({ mode: 'update' })
}

const reconciliation: Row = {
  id: 'sources, reconcile',
  title: 'two replicas with n sources reconcile, 5 updates apart on each side',
  unit: 'ms',
  sizes: [1e3, 1e4, 1e5],
  quick: [],
  contestants: {
    'scuttlebutt-ts': reconciling(maps.ours, undefined, updatesOf),
    scuttlebutt: reconciling(maps.original, undefined, updatesOf),
    Yjs: reconciling(maps.yjs, 1e4, (n) => Y.mergeUpdates(each(maps.yjs, Y.encodeStateAsUpdate, n))),
    Loro: reconciling(maps.loro, 1e3, throughOne),
  },
}

export const rows: ReadonlyArray<Row> = [
  row('sources', 'time to make and encode it', 'ms'),
  row('sources, bytes', 'its length', 'bytes'),
  reconciliation,
]
