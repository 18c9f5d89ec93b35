/** The store of a slice in a store of Redux. */
import type { Replica } from '../../core/Replica.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import type { Security } from '../../trust/Security.js'
import { createOnCell } from '../store/onCell.js'
import { portOf } from '../store/Port.js'
import type { LocalStore } from '../store/Store.js'
import { updated, type Action } from './actions.js'
import { createHead, type Head, type Host } from './Head.js'

/** A store of Redux: its own, or Redux Toolkit's. */
export interface ReduxStore<State> {
  readonly getState: () => State
  readonly dispatch: (action: never) => unknown
  readonly subscribe: (listener: () => void) => unknown
}

export interface BindOptions<State, S, C> {
  /** The replica in the state of Redux. Default: by the slice's path. */
  readonly select?: (state: State) => Replica<S, C>
  /** As of `createStore`. */
  readonly now?: () => number
  readonly security?: Security<S, C>
  readonly maxDrift?: number
  readonly strict?: boolean
}

/**
 * A store whose replica is what Redux shows. After a jump into the past that is an older version;
 * what is written and heard then goes to the newest one, and nothing is lost.
 */
export interface ReduxReplicaStore<S, C> extends LocalStore<S, C> {
  /** Whether Redux shows a version that lacks something. O(d log n) once a version, then O(1). */
  readonly isPast: () => boolean
}

interface Slice<S, C> {
  readonly scuttlebutt: Scuttlebutt<S, C>
  readonly name: string
  readonly path: string
  readonly kept: (replica: Replica<S, C>) => Replica<S, C>
}

/** What the head and the stores that are bound to it share. */
interface Context<S, C> {
  /** Of the store that was bound last. */
  host: Pick<Host<S, C>, 'actionOf' | 'receive' | 'read'>
  /** What the wall clock said last. */
  time: number
  /** Makes the next action, if that is no batch of updates. */
  next: (() => Action) | undefined
}

interface Binding<S, C> {
  readonly context: Context<S, C>
  readonly head: Head<S, C>
}

/** One head for each store of Redux and name: a hot reload makes the slice anew. */
const bindings = new WeakMap<object, Map<string, Binding<never, never>>>()

export const bind = <State, S, C>(
  { scuttlebutt, name, path, kept }: Slice<S, C>,
  redux: ReduxStore<State>,
  options: BindOptions<State, S, C> = {},
): ReduxReplicaStore<S, C> => {
  const { select = byPath<S, C>(path), now = Date.now } = options
  const read = (): Replica<S, C> => kept(select(redux.getState()))
  const actionOf = updated(scuttlebutt, `${name}/updated`)
  const { context, head } = bindingOf<S, C>(redux, name, { read, actionOf, receive: () => undefined })
  const { cell, shown, sync, isPast } = head
  const store = createOnCell(scuttlebutt, cell, { ...options, now: () => (context.time = now()) })
  const { receive } = portOf(store)
  context.host = { read, actionOf, receive: (batch, vouching) => receive(batch, vouching, () => undefined) }
  /** Runs what is an action of its own, made at the time that the store reads. */
  const as = <A>(action: (now: number) => Action, run: () => A): A => {
    sync()
    context.next = () => action(context.time)
    try {
      return run()
    } finally {
      context.next = undefined
    }
  }
  return {
    ...store,
    getReplica: read,
    prune: () => {
      as((payload) => ({ type: `${name}/pruned`, payload }), store.prune)
    },
    reissue: (id) =>
      as(
        (at) => ({ type: `${name}/reissued`, payload: { id, now: at } }),
        () => store.reissue(id),
      ),
    subscribe: (listener) =>
      shown.subscribe(({ taken, replica, before }) => {
        listener(taken, replica, before)
      }),
    isPast,
  }
}

const byPath =
  <S, C>(path: string) =>
  (state: unknown): Replica<S, C> =>
    path.split('.').reduce<unknown>((at, key) => (at as Readonly<Record<string, unknown>>)[key], state) as Replica<S, C>

const bindingOf = <S, C>(redux: ReduxStore<unknown>, name: string, host: Context<S, C>['host']): Binding<S, C> => {
  const byName = bindings.get(redux) ?? new Map<string, Binding<never, never>>()
  bindings.set(redux, byName)
  const bound = byName.get(name) as Binding<S, C> | undefined
  if (bound !== undefined) return bound
  const context: Context<S, C> = { host, time: 0, next: undefined }
  const head = createHead<S, C>({
    read: () => context.host.read(),
    dispatch: (action) => redux.dispatch(action as never),
    actionOf: (...outcome) => {
      const { next } = context
      context.next = undefined // a listener may write meanwhile
      return next?.() ?? context.host.actionOf(...outcome)
    },
    receive: (batch, vouching) => context.host.receive(batch, vouching),
  })
  const binding = { context, head }
  byName.set(name, binding as unknown as Binding<never, never>)
  redux.subscribe(head.sync)
  return binding
}
