/** scuttlebutt-ts/redux: a replica as a slice of a Redux store. */
import type { either as E } from 'fp-ts'
import type { UnknownAction } from 'redux'
import type { Command } from '../core/DataType.js'
import type { Replica } from '../core/Replica.js'
import type { SourceId, Update } from '../core/Update.js'
import type { Rejection, Scuttlebutt } from '../scuttlebutt.js'
import {
  bind,
  boundIn,
  type BindOptions,
  type Irrevertible,
  type ReduxReplicaStore,
  type ReduxStore,
} from './redux/bind.js'
import { stepOf } from './redux/actions.js'
import { ignoring, sanitizer, type CheckOptions, type PathCheck } from './redux/dev.js'
import { keeper, recall } from './redux/outcomes.js'

export type { BindOptions, CheckOptions, Irrevertible, PathCheck, ReduxReplicaStore, ReduxStore }

export interface SliceOptions<S, C> {
  /** Begins the types of the slice's actions. */
  readonly name: string
  /**
   * Where the slice is in the state of Redux. Default: its name. For a deeper slice, write its keys
   * with dots, and pass `select` to `bind`. The DevTools then show it as it is.
   */
  readonly path?: string
  /** The replica to start with, if the store of Redux brings none. Default: an empty one. */
  readonly replica?: Replica<S, C>
}

/** A thunk: needs the thunk middleware, which Redux Toolkit has by default. */
export type ChangeThunk<Err, C> = (dispatch: unknown, getState: () => unknown) => E.Either<Err | Rejection, Update<C>>

export interface ReplicaSlice<S, C> {
  readonly name: string
  /**
   * Pure. Keeps a replica whose records are frozen, so that Immer and the checks of Redux Toolkit
   * pass it by. Of a replica from elsewhere it freezes the state alone until it changes. Throws a
   * `TypeError` for what is no replica.
   */
  readonly reducer: (replica: Replica<S, C> | undefined, action: UnknownAction) => Replica<S, C>
  /**
   * The store of this slice in a store of Redux, for streams, files and hooks. If it is bound
   * again, also by a new slice of the same name after a hot reload, both stores have the same
   * newest version. Throws a `TypeError` if the state of Redux holds something else there.
   */
  readonly bind: <State>(redux: ReduxStore<State>, options?: BindOptions<State, S, C>) => ReduxReplicaStore<S, C>
  /** As `change` of the bound store, as a thunk. Throws a `TypeError` where no store is bound. */
  readonly change: <Err = never>(command: Command<S, C, Err>) => ChangeThunk<Err, C>
  /**
   * Options for `getDefaultMiddleware`: the checks skip the slice. Without them each action costs a
   * walk through it.
   */
  readonly checks: <Options extends CheckOptions = CheckOptions>(
    options?: Options,
  ) => Omit<Options, keyof CheckOptions> & {
    readonly [K in keyof CheckOptions]-?: false | (Extract<Options[K], object> & PathCheck)
  }
  /** The option `devTools` of `configureStore`: shows the value of the slice, by `toJSON`. */
  readonly devTools: { readonly stateSanitizer: <State>(state: State) => State }
}

/**
 * A slice of a Redux store that is a replica. Its actions are plain JSON of the size of their
 * updates: `name/updated`, `name/pruned`, `name/reissued`, `name/reread`.
 *
 * @example
 * import { configureStore } from '@reduxjs/toolkit'
 * import * as t from 'io-ts'
 * const doc = replicaSlice(scuttlebutt(Model.of(t.number)), 'alice', { name: 'doc' })
 * const redux = configureStore({
 *   reducer: { doc: doc.reducer },
 *   middleware: (getDefault) => getDefault(doc.checks()),
 *   devTools: doc.devTools,
 * })
 * const store = doc.bind(redux, { select: (state) => state.doc })
 * redux.dispatch(doc.change(Model.set('x', 1)))._tag // => 'Right'
 * store.change(Model.set('y', 2))._tag // => 'Right'
 * Model.toJSON(redux.getState().doc.state) // => { x: 1, y: 2 }
 */
export const replicaSlice = <S, C>(
  scuttlebutt: Scuttlebutt<S, C>,
  id: SourceId,
  { name, path = name, replica = scuttlebutt.create(id) }: SliceOptions<S, C>,
): ReplicaSlice<S, C> => {
  const versions = keeper<S, C>(id)
  const { keep, kept } = versions
  const step = stepOf(scuttlebutt, name)
  const initial = kept(replica)
  return {
    name,
    reducer: (given = initial, action) => {
      const before = kept(given)
      const next = recall(action, before) ?? step(before, action)
      return next === before ? given : keep(next)
    },
    bind: (redux, options) => bind({ scuttlebutt, name, path, keeper: versions }, redux, options),
    change: (command) => (_, getState) => {
      const bound = boundIn<S, C>(getState, name)
      if (!bound) throw new TypeError('not bound: call `bind` first')
      return bound.store.change(command)
    },
    checks: ignoring(path) as never,
    devTools: { stateSanitizer: sanitizer(path, scuttlebutt.dataType) },
  }
}
