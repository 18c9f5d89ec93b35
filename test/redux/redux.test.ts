/** A replica as a slice of real Redux stores. */
import { configureStore } from '@reduxjs/toolkit'
import * as t from 'io-ts'
import { expect, test, vi } from 'vitest'
import { Model, scuttlebutt, unwrap } from '../../src/index.js'
import { replicaSlice } from '../../src/adapters/redux.js'

const model = scuttlebutt(Model.of(t.number))

test('x', () => {
  const doc = replicaSlice(model, 'alice', { name: 'doc' })
  const redux = configureStore({
    reducer: { doc: doc.reducer },
    middleware: (getDefault) => getDefault(doc.checks()),
    devTools: doc.devTools,
  })
  const store = doc.bind(redux, { select: (state) => state.doc })
  const either = redux.dispatch(doc.change(Model.set('x', 1)))
  expect(either._tag).toBe('Right')
  const seen = vi.fn()
  store.subscribe(seen)
  const update = unwrap(store.change(Model.set('y', 2)))
  expect(seen.mock.calls).toEqual([[[update], store.getReplica(), expect.anything()]])
  expect(Model.toJSON(redux.getState().doc.state)).toEqual({ x: 1, y: 2 })
})
