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
import { updated, type Action, type Called } from './actions.js'
import { createHead, type Head, type Host } from './Head.js'
import type { Keeper } from './outcomes.js'

/** A store of Redux: its own, or Redux Toolkit's. */
export interface ReduxStore<State> {
  readonly getState: () => State
  readonly dispatch: (action: never) => unknown
  readonly subscribe: (listener: () => void) => unknown
}

export interface BindOptions<State, S, C> {
  /** The replica in the state of Redux. Default: the member of the slice's path. */
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

/** One head for each store of Redux and name: a hot reload makes the slice anew. */
const headsByName = new WeakMap<object, Map<string, Head<never, never>>>()

export const bind = <State, S, C>(
  { scuttlebutt, name, path, keeper: { keep, kept } }: Slice<S, C>,
  redux: ReduxStore<State>,
  options: BindOptions<State, S, C> = {},
): ReduxReplicaStore<S, C> => {
  const {
    select = (state) => (state as Readonly<Record<string, Replica<S, C>>>)[path]!,
    now = Date.now,
    security,
  } = options
  const read = (): Replica<S, C> => kept(select(redux.getState()))
  const { next, as, time } = commands(name, now)
  const asUpdated = updated(scuttlebutt, `${name}/updated`)
  const head = headOf<S, C>(redux, name, {
    read,
    keep,
    dispatch: (action) => redux.dispatch(action as never),
    actionOf: (...outcome) => next() ?? asUpdated(...outcome),
    receive: (batch, vouching) => portOf(store).receive(batch, vouching, () => undefined),
    restored: () => {
      reread()
    },
  })
  const { cell, shown, sync, isPast } = head
  const store = createOnCell(scuttlebutt, cell, { ...options, now: time })
  /** Reads what an older program has left unread. */
  const reread = (): void => {
    const reader = security === undefined ? scuttlebutt.reread : rereadAllowed(scuttlebutt.dataType, security)
    const replica = reader(cell.getReplica())
    as('reread', () => {
      cell.set(replica)
    })
  }
  reread()
  return {
    ...store,
    getReplica: read,
    prune: () => {
      sync()
      as('pruned', store.prune)
    },
    reissue: (id) => {
      sync()
      return as('reissued', () => store.reissue(id), id)
    },
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

/** What is an action of its own and no batch of updates, made at the time that the store reads. */
const commands = (name: string, clock: () => number) => {
  let now = 0
  let made: { readonly type: string; readonly id: string } | undefined
  return {
    time: (): number => (now = clock()),
    as: <A>(kind: string, run: () => A, id = ''): A => {
      made = { type: `${name}/${kind}`, id }
      try {
        return run()
      } finally {
        made = undefined
      }
    },
    /** The action that is being made, once: a listener may write meanwhile. */
    next: (): Action | undefined => {
      if (made === undefined) return undefined
      const { type, id } = made
      made = undefined
      return { type, payload: { now, id } satisfies Called }
    },
  }
}

const headOf = <S, C>(redux: ReduxStore<unknown>, name: string, host: Host<S, C>): Head<S, C> => {
  const heads = headsByName.get(redux) ?? new Map<string, Head<never, never>>()
  headsByName.set(redux, heads)
  const bound = heads.get(name) as Head<S, C> | undefined
  if (bound !== undefined) Object.assign(bound.host, host)
  const head = bound ?? createHead(host)
  if (bound === undefined) redux.subscribe(head.sync)
  heads.set(name, head as unknown as Head<never, never>)
  return head
}
