/** History for a peer that has all events but the last ten. */
import { createRequire } from 'node:module'
import * as t from 'io-ts'
import { Events, scuttlebutt, type Update } from 'scuttlebutt-ts'
import { timed, verify, type Contestant, type Row } from '../harness.js'
import { NOW } from '../maps.js'
import { oncePerSize } from '../works.js'

const LAST = 10

const updatesOf = (n: number): ReadonlyArray<Update<Events.Change<number>>> =>
  Array.from({ length: n }, (_, i) => [['said', i], NOW + i, 'remote'])

interface Original {
  _update: (update: Update<Events.Change<number>>) => boolean
  history: (sources: Readonly<Record<string, number>>) => ReadonlyArray<Update<Events.Change<number>>>
}

const OriginalEvents = createRequire(import.meta.url)('scuttlebutt/events') as new (id: string) => Original

const { create, applyUpdates, history } = scuttlebutt(Events.of(t.number))

const lastOf = (
  make: (n: number) => (clock: Readonly<Record<string, number>>) => ReadonlyArray<Update<Events.Change<number>>>,
): Contestant => {
  const asking = oncePerSize(make)
  return {
    work: (n) => {
      const ask = asking(n)
      let last: ReadonlyArray<Update<Events.Change<number>>> = []
      const ms = timed(() => {
        last = ask({ remote: NOW + n - 1 - LAST })
      })
      verify(last.length === LAST && last[0]![1] === NOW + n - LAST, 'the last ten')
      return ms
    },
  }
}

export const row: Row = {
  id: 'history',
  title: 'history of n events for a peer that lacks the last ten',
  unit: 'ms',
  sizes: [1e3, 1e4, 1e5],
  quick: [],
  contestants: {
    'scuttlebutt-ts': lastOf((n) => {
      const replica = applyUpdates(updatesOf(n))(create('r1'))
      return (clock) => history(clock)(replica)
    }),
    scuttlebutt: lastOf((n) => {
      const events = new OriginalEvents('r1')
      for (const update of updatesOf(n)) events._update(update)
      return (clock) => events.history(clock)
    }),
  },
}
