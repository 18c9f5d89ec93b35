/** What the middleware of Redux Toolkit and Immer look at, counted: they pass 100,000 rows by. */
import { configureStore, createNextState } from '@reduxjs/toolkit'
import * as t from 'io-ts'
import { describe, expect, test, vi } from 'vitest'
import { Doc, scuttlebutt, unwrap, type Update } from '../../src/index.js'
import { replicaSlice } from '../../src/adapters/redux.js'
import { NOW } from './slices.js'

const ROWS = 100_000
const rows = scuttlebutt(Doc.of(t.string))

const replicaOf = (size: number, isFrozen: boolean) => {
  const updates = Array.from({ length: size }, (_, i): Update<Doc.Change<string>> => {
    const fields = { title: `row ${String(i)}` }
    const change: Doc.Change<string> = [`r${String(i)}`, isFrozen ? Object.freeze(fields) : fields]
    return isFrozen ? Object.freeze([Object.freeze(change), NOW + i, 'ben'] as const) : [change, NOW + i, 'ben']
  })
  return rows.applyUpdates(updates)(rows.create('alice'))
}

/** How many objects are looked into meanwhile: none of the walkers does without these functions. */
const looksDuring = (run: () => void): number => {
  const spies = [
    vi.spyOn(Object, 'isFrozen'),
    vi.spyOn(Object, 'keys'),
    vi.spyOn(Object, 'entries'),
    vi.spyOn(Object, 'freeze'),
    vi.spyOn(Object, 'getPrototypeOf'),
    vi.spyOn(Reflect, 'ownKeys'),
  ]
  run()
  const looks = spies.reduce((sum, { mock }) => sum + mock.calls.length, 0)
  for (const spy of spies) spy.mockRestore()
  return looks
}

describe.each([true, false])('In a store of Redux Toolkit, updates frozen: %s', (isFrozen) => {
  test.each([true, false])('a write, and an unrelated action, look into few objects; with Immer: %s', (isInImmer) => {
    const replica = replicaOf(ROWS, isFrozen)
    const doc = replicaSlice(rows, 'alice', { name: 'doc', replica })
    const count = (before: { readonly n: number } = { n: 0 }) => ({ n: before.n + 1 })
    const inImmer = (state: { readonly doc: typeof replica; readonly count: { readonly n: number } }) =>
      createNextState(state, (draft) => {
        draft.count.n++
      })
    const all = (state: { doc: typeof replica; count: { n: number } } | undefined, action: { type: string }) => {
      const next = { doc: doc.reducer(state?.doc, action), count: count(state?.count) }
      return isInImmer ? inImmer(next) : next
    }
    const redux = configureStore({
      reducer: all as (state: unknown, action: { type: string }) => { doc: typeof replica },
      middleware: (getDefault) => getDefault(doc.checks()),
      devTools: false,
    })
    const store = doc.bind(redux)
    const looks = looksDuring(() => {
      unwrap(store.change(Doc.set('r7', { title: 'new' })))
      redux.dispatch({ type: 'other' })
    })
    expect(looks).toBeLessThan(1000)
  })
})

test('Without the slice the checks look into every row: the count counts', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  const replica = replicaOf(1000, false)
  const bare = configureStore({ reducer: { doc: (state: typeof replica = replica) => state }, devTools: false })
  expect(looksDuring(() => bare.dispatch({ type: 'other' }))).toBeGreaterThan(1000)
  warn.mockRestore()
})
