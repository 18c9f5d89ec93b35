/** The store of a slice in a store of Redux. */
import type { either as E } from 'fp-ts'
import type { Command } from '../../core/DataType.js'
import { left, right } from '../../core/Either.js'
import type { Replica } from '../../core/Replica.js'
import type { Update } from '../../core/Update.js'
import type { Rejection, Scuttlebutt } from '../../scuttlebutt.js'
import type { Security } from '../../trust/Security.js'
import { rereadAllowed } from '../store/gate.js'
import { createOnCell } from '../store/onCell.js'
import { portOf } from '../store/Port.js'
import type { LocalStore } from '../store/Store.js'
import { updated, type Action } from './actions.js'
import { createHead, type Head, type Host } from './Head.js'
import type { Keeper } from './outcomes.js'

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
  /**
   * Makes what an older version shows one's own edit, for everybody: the difference to the newest
   * version, as changes. What others wrote meanwhile goes too. Gives the updates made. Errors:
   * `Irrevertible`, and as `changeAll`; then nothing has changed. O(difference).
   */
  readonly revertTo: (old: Replica<S, C>) => E.Either<Irrevertible | Rejection | Refusal, ReadonlyArray<Update<C>>>
}

/** The data type has no way back: what was done there stays. */
export interface Irrevertible {
  readonly _tag: 'Irrevertible'
  /** The data type. */
  readonly name: string
}

/** The error of a command. */
interface Refusal {
  readonly _tag: string
}

interface Slice<S, C> {
  readonly scuttlebutt: Scuttlebutt<S, C>
  readonly name: string
  readonly path: string
  readonly keeper: Keeper<S, C>
}

/** What the head and the stores that are bound to it share. */
interface Context<S, C> {
  /** Of the store that was bound last. */
  host: Omit<Host<S, C>, 'dispatch'>
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
  { scuttlebutt, name, path, keeper: { keep, kept } }: Slice<S, C>,
  redux: ReduxStore<State>,
  options: BindOptions<State, S, C> = {},
): ReduxReplicaStore<S, C> => {
  const { select = byPath<S, C>(path), now = Date.now, security } = options
  const read = (): Replica<S, C> => kept(select(redux.getState()))
  const actionOf = updated(scuttlebutt, `${name}/updated`)
  const host = { read, keep, actionOf, receive: () => undefined, restored: () => undefined }
  const { context, head } = bindingOf<S, C>(redux, name, host)
  const { cell, shown, sync, isPast } = head
  const store = createOnCell(scuttlebutt, cell, { ...options, now: () => (context.time = now()) })
  const { receive } = portOf(store)
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
  /** Reads what an older program has left unread. */
  const reread = (): void => {
    const read = security === undefined ? scuttlebutt.reread : rereadAllowed(scuttlebutt.dataType, security)
    as(
      () => ({ type: `${name}/reread` }),
      () => {
        cell.set(read(cell.getReplica()))
      },
    )
  }
  context.host = {
    ...host,
    receive: (batch, vouching) => receive(batch, vouching, () => undefined),
    restored: reread,
  }
  reread()
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
    revertTo: (old) => {
      const { diff, dataType } = scuttlebutt
      const patches = diff(cell.getReplica())(old)
      if (patches.length === 0) return right([])
      if (dataType.patch === undefined) return left({ _tag: 'Irrevertible', name: dataType.name })
      return store.changeAll(dataType.patch(patches) as Iterable<Command<S, C, Refusal>>)
    },
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
    keep: (replica) => context.host.keep(replica),
    actionOf: (...outcome) => {
      const { next } = context
      context.next = undefined // a listener may write meanwhile
      return next?.() ?? context.host.actionOf(...outcome)
    },
    receive: (batch, vouching) => context.host.receive(batch, vouching),
    restored: () => {
      context.host.restored()
    },
  })
  const binding = { context, head }
  byName.set(name, binding as unknown as Binding<never, never>)
  redux.subscribe(head.sync)
  return binding
}
