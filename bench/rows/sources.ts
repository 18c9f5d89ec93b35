/** What a handshake costs where many have written. */
import * as t from 'io-ts'
import { Model, scuttlebutt, type Update } from 'scuttlebutt-ts'
import { timed, verify, type Contestant, type Row } from '../harness.js'
import { entriesOf, NOW, original, type Set } from '../maps.js'

const { create, applyUpdates, digest } = scuttlebutt(Model.of(t.number))

/** Makes and writes the header of what it was given. */
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
  const model = original.create(1)
  for (const update of updatesOf(n)) model._update(update)
  return () => ({ id: 'r1', clock: model.sources })
}

const row = (id: string, what: string, unit: 'ms' | 'bytes'): Row => ({
  id,
  title: `the header of a handshake, of n sources with an update each: ${what}`,
  unit,
  sizes: [1e3, 1e4, 1e5],
  quick: [1e4],
  contestants: { 'scuttlebutt-ts': telling(ours, unit), scuttlebutt: telling(theirs, unit) },
})

export const rows: ReadonlyArray<Row> = [
  row('sources', 'made and written', 'ms'),
  row('sources, bytes', 'how long it is', 'bytes'),
]
