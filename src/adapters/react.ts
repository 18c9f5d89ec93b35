/** scuttlebutt-ts/react: hooks that read a store and write to it. */
import type { either as E, option as O } from 'fp-ts'
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import type { Command } from '../core/DataType.js'
import type { DeepReadonly } from '../core/DeepReadonly.js'
import type { Update } from '../core/Update.js'
import * as Doc from '../data/doc/Doc.js'
import * as Model from '../data/Model.js'
import type { Rejection } from '../scuttlebutt.js'
import { createMemory, selecting, shallow, steady } from './react/snapshots.js'
import { watch } from './react/watch.js'
import type { Store } from './store/Store.js'

export { shallow }

/** What a selector gives, with an `Option` as its value or undefined. */
export type Lowered<A> = A extends O.None | O.Some<unknown> ? (A extends O.Some<infer V> ? V : undefined) : A

/** The state of a store. */
export function useReplica<S, C>(store: Store<S, C>): S
/**
 * What a selector gives of the state of a store. Renders again only when that is another value, by
 * `Object.is` or by `isEqual`. The selector runs once for each state, and for each selector: any
 * one will do, also one written in place. Each write runs the selector once.
 *
 * @example
 * import * as t from 'io-ts'
 * import { createElement } from 'react'
 * import { renderToString } from 'react-dom/server'
 * const store = createStore(scuttlebutt(Model.of(t.number)), 'alice')
 * store.change(Model.set('x', 1))
 * const Page = () => {
 *   const x = useReplica(store, Model.get('x'))
 *   const keys = useReplica(store, Model.keys, shallow)
 *   return createElement('p', null, `${x} of ${keys}`)
 * }
 * renderToString(createElement(Page)) // => '<p>1 of x</p>'
 */
export function useReplica<S, C, A>(
  store: Store<S, C>,
  selector: (state: S) => A,
  isEqual?: (a: Lowered<A>, b: Lowered<A>) => boolean,
): Lowered<A>
export function useReplica<S, C>(
  store: Store<S, C>,
  selector: (state: S) => unknown = itself,
  isEqual: (a: never, b: never) => boolean = Object.is,
): unknown {
  const [subscribe, read] = useMemo(() => [store.subscribe, () => store.getReplica().state] as const, [store])
  return useSelected(subscribe, read, selector, isEqual as IsEqual)
}

type IsEqual = (a: unknown, b: unknown) => boolean

/** What a selector gives of what `read` gives. `subscribe` and `read` must stay the same. */
const useSelected = <S>(
  subscribe: (wake: () => void) => () => void,
  read: () => S,
  selector: (state: S) => unknown,
  isEqual: IsEqual,
): unknown => {
  const [rendered] = useState(createMemory<unknown>)
  const getSnapshot = useMemo(() => {
    // without a selector the state is given as it is, even if it is an `Option`
    const select = selecting(read, selector === itself ? selector : (state) => lowered(selector(state)))
    return steady(select, isEqual, rendered.former)
  }, [read, selector, isEqual, rendered])
  const value = useSyncExternalStore(subscribe, getSnapshot, getSnapshot)
  useEffect(() => {
    rendered.keep(value)
  }, [rendered, value])
  return value
}

const itself = <A>(a: A): A => a

const lowered = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || !('_tag' in value)) return value
  return value._tag === 'Some' && 'value' in value ? value.value : value._tag === 'None' ? undefined : value
}

/**
 * The value of a key of a `Model`, or undefined. Woken only by changes of that key, so a write
 * costs what it changes, however many components are mounted.
 *
 * @example
 * import * as t from 'io-ts'
 * import { createElement } from 'react'
 * import { renderToString } from 'react-dom/server'
 * const store = createStore(scuttlebutt(Model.of(t.string)), 'alice')
 * store.change(Model.set('title', 'Hello'))
 * const Title = () => createElement('h1', null, useEntry(store, 'title'))
 * renderToString(createElement(Title)) // => '<h1>Hello</h1>'
 */
export const useEntry = <V>(
  store: Store<Model.State<V>, Model.Change<V>>,
  key: string,
): DeepReadonly<V> | undefined => {
  const subscribe = useCallback((wake: () => void) => watch(store, key, wake), [store, key])
  const getSnapshot = (): DeepReadonly<V> | undefined => valueOf(Model.get(key)(store.getReplica().state))
  return useSyncExternalStore(subscribe, getSnapshot, getSnapshot)
}

const valueOf = <A>(option: O.Option<A>): A | undefined => (option._tag === 'Some' ? option.value : undefined)

/** The fields of a row of a `Doc`, or undefined. Woken only by changes of that row. */
export function useRow<V>(store: Store<Doc.State<V>, Doc.Change<V>>, id: string): Doc.Fields<V> | undefined
/**
 * Some fields of a row of a `Doc`, or undefined if there is no row. Woken only by changes of these
 * fields of that row.
 *
 * @example
 * import * as t from 'io-ts'
 * import { createElement } from 'react'
 * import { renderToString } from 'react-dom/server'
 * const store = createStore(scuttlebutt(Doc.of(t.string)), 'alice')
 * store.change(Doc.set('r1', { title: 'Hello', text: '…' }))
 * const Title = () => createElement('h1', null, useRow(store, 'r1', ['title'])?.title)
 * renderToString(createElement(Title)) // => '<h1>Hello</h1>'
 */
export function useRow<V, Field extends string>(
  store: Store<Doc.State<V>, Doc.Change<V>>,
  id: string,
  fields: ReadonlyArray<Field>,
): Readonly<Partial<Record<Field, DeepReadonly<V> | null>>> | undefined
export function useRow<V>(
  store: Store<Doc.State<V>, Doc.Change<V>>,
  id: string,
  fields?: ReadonlyArray<string>,
): Doc.Fields<V> | undefined {
  // an array written in place is another one at each render
  const names = fields && JSON.stringify(fields)
  const [subscribe, getSnapshot] = useMemo(() => {
    const wanted = names === undefined ? undefined : (JSON.parse(names) as ReadonlyArray<string>)
    const pick = (state: Doc.State<V>): Doc.Fields<V> | undefined => {
      const row = valueOf(Doc.row(id)(state))
      if (row === undefined || wanted === undefined) return row
      return Object.freeze(
        Object.fromEntries(
          wanted.flatMap((name) => (Object.hasOwn(row, name) ? [[name, row[name] as DeepReadonly<V> | null]] : [])),
        ),
      )
    }
    const select = selecting(() => store.getReplica().state, pick)
    return [(wake: () => void) => watch(store, id, wake, wanted), steady(select, shallow)] as const
  }, [store, id, names])
  return useSyncExternalStore(subscribe, getSnapshot, getSnapshot)
}

/** Makes a change as the store does, and gives the same `Either`. */
export type Change<S, C> = <Err = never>(command: Command<S, C, Err>) => E.Either<Err | Rejection, Update<C>>

/** Why a change was refused: a rejection, or the error of a command. */
export type ChangeRefusal = Rejection | { readonly _tag: string }

/**
 * Writes to a store, and why the last change was refused: undefined if it was not. The function
 * stays the same.
 *
 * @example
 * import * as t from 'io-ts'
 * import { createElement } from 'react'
 * import { renderToString } from 'react-dom/server'
 * const store = createStore(scuttlebutt(Model.of(t.number)), 'alice')
 * const Button = () => {
 *   const [change, refusal] = useChange(store)
 *   const add = () => change(Model.set('x', 1))
 *   const text = refusal === undefined ? 'Add' : Rejection.show(refusal)
 *   return createElement('button', { onClick: add }, text)
 * }
 * renderToString(createElement(Button)) // => '<button>Add</button>'
 */
export const useChange = <S, C>(
  store: Store<S, C>,
): readonly [change: Change<S, C>, refusal: ChangeRefusal | undefined] => {
  const [refused, setRefused] = useState<{ readonly store: unknown; readonly refusal: ChangeRefusal | undefined }>()
  const [last] = useState(createMemory<ChangeRefusal | undefined>)
  const change: Change<S, C> = useCallback(
    (command) => {
      const made = store.change(command)
      const next = made._tag === 'Left' ? (made.left as ChangeRefusal) : undefined
      // React may render once more for a state that stays the same
      if (next !== last.former()?.value) setRefused({ store, refusal: next })
      last.keep(next)
      return made
    },
    [store, last],
  )
  return [change, refused?.store === store ? refused.refusal : undefined]
}

/** What {@link useSync} needs of a connection. */
export interface Connection<Status> {
  readonly status: () => Status
  /** Calls when the status may be another one. Returns the unsubscription. */
  readonly subscribe: (listener: () => void) => () => void
}

/**
 * The status of a connection: its phase, how many updates are unsent, what was refused. Renders
 * again only when a member changes.
 *
 * @example
 * import { createElement } from 'react'
 * import { renderToString } from 'react-dom/server'
 * const status = () => ({ phase: 'synced', unsent: 0 })
 * const connection = { status, subscribe: () => () => undefined }
 * const Phase = () => createElement('i', null, useSync(connection).phase)
 * renderToString(createElement(Phase)) // => '<i>synced</i>'
 */
export const useSync = <Status extends object>(connection: Connection<Status>): Status => {
  const [subscribe, getSnapshot] = useMemo(() => {
    return [(wake: () => void) => connection.subscribe(wake), steady(() => connection.status(), shallow)] as const
  }, [connection])
  return useSyncExternalStore(subscribe, getSnapshot, getSnapshot)
}

/** What {@link usePresence} needs of a `Presence`. */
export interface Peers<V> {
  readonly peers: () => ReadonlyMap<string, V>
  readonly onChange: (listener: () => void) => () => void
}

/** The values of the others who are here, by id. */
export function usePresence<V>(presence: Peers<V>): ReadonlyMap<string, V>
/**
 * What a selector gives of the others who are here. Renders again only when that is another value,
 * by `Object.is` or by `isEqual`: not for a heartbeat. Any selector will do.
 *
 * @example
 * import { createElement } from 'react'
 * import { renderToString } from 'react-dom/server'
 * const ben = createPresence({ id: 'ben' })
 * ben.receive('["ann",1,{"name":"Ann"}]', Symbol())
 * const Names = () => {
 *   const names = usePresence(ben, (peers) => [...peers.values()].map(({ name }) => name), shallow)
 *   return createElement('p', null, names.join())
 * }
 * renderToString(createElement(Names)) // => '<p>Ann</p>'
 */
export function usePresence<V, A>(
  presence: Peers<V>,
  selector: (peers: ReadonlyMap<string, V>) => A,
  isEqual?: (a: Lowered<A>, b: Lowered<A>) => boolean,
): Lowered<A>
export function usePresence<V>(
  { peers, onChange }: Peers<V>,
  selector: (peers: ReadonlyMap<string, V>) => unknown = itself,
  isEqual: (a: never, b: never) => boolean = Object.is,
): unknown {
  return useSelected(onChange, peers, selector, isEqual as IsEqual)
}
