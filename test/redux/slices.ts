/** Slices in Redux stores as applications make them. */
import { configureStore } from '@reduxjs/toolkit'
import { instrument, type EnhancedStore } from '@redux-devtools/instrument'
import type { UnknownAction } from 'redux'
import type { Replica, Scuttlebutt } from '../../src/index.js'
import { replicaSlice } from '../../src/adapters/redux.js'
import { createStore, type LocalStore } from '../../src/adapters/store.js'

export const NOW = 1_795_418_741_399

/** Redux Toolkit with all its middleware, a slice `doc` and a counter of actions beside it. */
export const inRedux = <S, C>(
  scuttlebutt: Scuttlebutt<S, C>,
  id = 'alice',
  { replica, now = Date.now }: { readonly replica?: Replica<S, C>; readonly now?: () => number } = {},
) => {
  const doc = replicaSlice(scuttlebutt, id, { name: 'doc', ...(replica && { replica }) })
  const reducer = { doc: doc.reducer, count: (count: number | undefined = 0) => count + 1 }
  const redux = configureStore({
    reducer,
    middleware: (getDefault) => getDefault(doc.checks()),
    devTools: false,
    enhancers: (getDefault) => getDefault().concat(instrument()),
  })
  const store = doc.bind(redux, { select: (state) => state.doc, now })
  const { liftedStore } = redux as unknown as EnhancedStore<{ doc: Replica<S, C> }, UnknownAction, null>
  return { doc, redux, store, liftedStore, reducer }
}

/** Passes messages to and fro until nobody has anything left to say. */
export const talk = <S, C>(a: LocalStore<S, C>, b: LocalStore<S, C>): void => {
  let message = a.reconcile(b.scuttlebutt.open(b.getReplica()))
  for (let round = 0; message._tag === 'Some'; round++) {
    if (round > 50) throw new Error('a conversation without end')
    message = (round % 2 === 0 ? b : a).reconcile(message.value)
  }
}

export { createStore }
