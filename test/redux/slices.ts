/** Slices in Redux stores as applications make them. */
import { configureStore } from '@reduxjs/toolkit'
import { instrument, type EnhancedStore } from '@redux-devtools/instrument'
import type { UnknownAction } from 'redux'
import { unwrap, type Message, type Replica, type Scuttlebutt } from '../../src/index.js'
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

export const json = <A>(value: A): A => JSON.parse(JSON.stringify(value)) as A

/** A message as it comes over a wire. */
export const sent = <S, C, T, D>(from: Scuttlebutt<S, C>, message: Message<C>, to: Scuttlebutt<T, D>): Message<D> =>
  unwrap(to.decodeMessage()(json(from.encodeMessage(message))))

/** Passes messages to and fro until nobody has anything left to say. */
export const talk = <S, C, T, D>(a: LocalStore<S, C>, b: LocalStore<T, D>): void => {
  const [ours, theirs] = [a.scuttlebutt, b.scuttlebutt]
  let question = theirs.open(b.getReplica())
  for (let round = 0; round < 50; round++) {
    const answer = a.reconcile(sent(theirs, question, ours))
    if (answer._tag === 'None') return
    const reply = b.reconcile(sent(ours, answer.value, theirs))
    if (reply._tag === 'None') return
    question = reply.value
  }
  throw new Error('a conversation without end')
}

export { createStore }
