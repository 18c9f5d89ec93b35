/**
 * What a replica of 100,000 rows costs in Redux Toolkit's store with all default middleware, with
 * and without the slice. Medians of actions, in ms. `npm run bench:embedding`.
 */
import { configureStore } from '@reduxjs/toolkit'
import * as t from 'io-ts'
import { Doc, scuttlebutt, type Update } from 'scuttlebutt-ts'
import { replicaSlice } from 'scuttlebutt-ts/redux'

const ROWS = 100_000
const NOW = 1_795_418_741_399
const rows = scuttlebutt(Doc.of(t.string))

const replicaOf = (isFrozen: boolean) => {
  const updates = Array.from({ length: ROWS }, (_, i): Update<Doc.Change<string>> => {
    const fields = { title: `row ${String(i)}` }
    if (isFrozen) Object.freeze(fields)
    const change: Doc.Change<string> = [`r${String(i)}`, fields]
    return isFrozen ? Object.freeze([Object.freeze(change), NOW + i, 'ben'] as const) : [change, NOW + i, 'ben']
  })
  return rows.applyUpdates(updates)(rows.create('alice'))
}

const median = (times: ReadonlyArray<number>): string => [...times].sort((a, b) => a - b)[times.length >> 1]!.toFixed(3)

const timed = (runs: number, act: (i: number) => unknown): string =>
  median(
    Array.from({ length: runs }, (_, i) => {
      const start = performance.now()
      act(i)
      return performance.now() - start
    }),
  )

const report = (what: string, value: string): void => {
  process.stdout.write(`${what.padEnd(70)} ${value.padStart(10)} ms\n`)
}

console.warn = () => undefined // Redux Toolkit's own remark that its checks are slow
for (const isFrozen of [true, false]) {
  const replica = replicaOf(isFrozen)
  const updates = isFrozen ? 'updates frozen' : 'updates not frozen'
  const bare = configureStore({ reducer: { doc: (state: typeof replica = replica) => state }, devTools: false })
  report(
    `${updates}, by hand, all checks: an unrelated action`,
    timed(3, () => bare.dispatch({ type: 'other' })),
  )
  const doc = replicaSlice(rows, 'alice', { name: 'doc', replica })
  const redux = configureStore({
    reducer: { doc: doc.reducer },
    middleware: (getDefault) => getDefault(doc.checks()),
    devTools: false,
  })
  const store = doc.bind(redux)
  const write = (i: number) => store.change(Doc.set(`r${String(i)}`, { title: `new ${String(i)}` }))
  timed(200, write)
  report(`${updates}, the slice with its checks(): a write`, timed(1000, write))
  report(`${updates}, the slice with its checks(): an unrelated action`, timed(1000, () => redux.dispatch({ type: 'other' }))) // prettier-ignore
}
