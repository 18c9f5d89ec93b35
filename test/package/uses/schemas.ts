/** An application of schemas, Redux and React, with neither fp-ts nor io-ts. */
import { configureStore } from '@reduxjs/toolkit'
import { createElement, type FunctionComponent } from 'react'
import {
  Doc,
  Model,
  Rejection,
  Scuttlebucket,
  scuttlebutt,
  type DataType,
  type ReplicaOf,
  type StateOf,
  type Update,
} from 'scuttlebutt-ts'
import { useChange, useEntry, useReplica, useRow, useSync } from 'scuttlebutt-ts/react'
import { replicaSlice } from 'scuttlebutt-ts/redux'
import { schema } from 'scuttlebutt-ts/schema'
import { createStore, part } from 'scuttlebutt-ts/store'
import { z } from 'zod'

export const Task = schema(z.object({ title: z.string(), done: z.boolean() }))
export const app = scuttlebutt(Scuttlebucket.of({ tasks: Model.of(Task), rows: Doc.of(schema(z.string())) }))
export type AppState = StateOf<typeof app>
export type AppReplica = ReplicaOf<typeof app>

export const slice = replicaSlice(app, 'alice', { name: 'app' })
export const redux = configureStore({
  reducer: { app: slice.reducer, other: (count: number | undefined = 0) => count + 1 },
  middleware: (getDefault) => getDefault(slice.checks({ serializableCheck: { warnAfter: 100 } })),
  devTools: slice.devTools,
})
export const store = slice.bind(redux, { select: (state) => state.app })
export const tasks = part(store, 'tasks')
export const rows = part(store, 'rows')

export const add = (title: string): string => {
  const made = tasks.change(Model.set(title, { title, done: false }))
  return made._tag === 'Right' ? made.right[2] : Rejection.show(made.left)
}
export const dispatched = redux.dispatch(slice.change(Scuttlebucket.at('tasks')(Model.remove('x'))))
export const text: string = dispatched._tag === 'Left' ? dispatched.left._tag : dispatched.right[2]
export const reverted = store.revertTo(store.getReplica())
export const isPast: boolean = store.isPast()

export const Page: FunctionComponent<{ readonly id: string }> = ({ id }) => {
  const task: { readonly title: string; readonly done: boolean } | undefined = useEntry(tasks, id)
  const title: string | null | undefined = useRow(rows, id, ['title'])?.title
  const first: string | undefined = useReplica(rows, (state) => Doc.rows(state)[0]?.id)
  const value: { readonly title: string } | undefined = useReplica(tasks, Model.get(id))
  const [change, refusal] = useChange(tasks)
  const { phase } = useSync({ status: () => ({ phase: 'synced' }), subscribe: () => () => undefined })
  const onClick = () => change(Model.remove(id))
  return createElement(
    'p',
    { onClick },
    task?.title,
    title,
    first,
    value?.title,
    phase,
    refusal && Rejection.show(refusal),
  )
}

const Bid = schema(z.number())
/** A data type of one's own. */
export const Highest = {
  name: 'Highest',
  change: Bid,
  empty: 0,
  apply: (updates: ReadonlyArray<Update<number>>) => (most: number) => ({
    state: updates.reduce((highest, [bid]) => Math.max(highest, bid), most),
    superseded: [],
  }),
} satisfies DataType<number, number>
export const auction = createStore(scuttlebutt(Highest), 'ann')

export const plain = createStore(scuttlebutt(Model.of(Task)), 'bob')
