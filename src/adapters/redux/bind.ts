/** The store of a slice in a store of Redux. */
import type { either as E } from 'fp-ts'
import type { Command } from '../../core/DataType.js'
import { hasWayBack, ofStatesInFull } from '../../core/diff.js'
import { left } from '../../core/Either.js'
import { news } from '../../core/news.js'
import { unchanged } from '../../core/receive.js'
import type { Replica } from '../../core/Replica.js'
import type { SourceId, Update } from '../../core/Update.js'
import type { Rejection, Scuttlebutt } from '../../scuttlebutt.js'
import type { Security } from '../../trust/Security.js'
import { rereadAllowed } from '../store/gate.js'
import { createOnCell } from '../store/onCell.js'
import { ownPortOf } from '../store/Port.js'
import type { LocalStore } from '../store/Store.js'
import { actionWith, updated } from './actions.js'
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
  /** Whether Redux shows a version that lacks something. O(d log n) for d that it lacks. */
  readonly isPast: () => boolean
  /** The newest version, whatever Redux shows. */
  readonly present: Pick<LocalStore<S, C>, 'getReplica' | 'subscribe'>
  /**
   * Makes what an older version shows one's own edit, for everybody: the difference to the newest
   * version, as changes. What others wrote meanwhile goes too. Gives the updates made. Errors:
   * `Irrevertible`, and as `changeAll`; then nothing has changed. O(difference).
   */
  readonly revertTo: (
    old: Replica<S, C>,
  ) => E.Either<Irrevertible | Rejection | { readonly _tag: string }, ReadonlyArray<Update<C>>>
}

/** The data type has no way back: what was done there stays. */
export interface Irrevertible {
  readonly _tag: 'Irrevertible'
  /** The data type. */
  readonly name: string
}

export interface Slice<S, C> {
  readonly scuttlebutt: Scuttlebutt<S, C>
  readonly name: string
  readonly path: string
  readonly keeper: Keeper<S, C>
}

interface Bound<S, C> {
  readonly head: Head<S, C>
  readonly host: Host<S, C>
  readonly store: ReduxReplicaStore<S, C>
}

/**
 * What is bound in each store of Redux, by name: a hot reload makes the slice anew, and its head
 * stays. A thunk knows its store by `getState`.
 */
const boundByGetState = new WeakMap<() => unknown, Map<string, Bound<never, never>>>()

export const boundIn = <S, C>(getState: () => unknown, name: string): Bound<S, C> | undefined =>
  boundByGetState.get(getState)?.get(name) as Bound<S, C> | undefined

const keepBound = <S, C>(getState: () => unknown, name: string, bound: Bound<S, C>): void => {
  const all = boundByGetState.get(getState) ?? new Map<string, Bound<never, never>>()
  boundByGetState.set(getState, all.set(name, bound as unknown as Bound<never, never>))
}

/** What happens to a replica at a time, in ms. */
type Step<S, C> = (replica: Replica<S, C>, time: number) => Replica<S, C>

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
  const { getState } = redux
  const { prune, reissue } = scuttlebutt
  const reread = rereadAllowed(scuttlebutt, security)
  const known = boundIn<S, C>(getState, name)
  const host: Host<S, C> = Object.assign(known?.host ?? {}, {
    read: () => kept(select(getState())),
    keep,
    dispatch: (action) => redux.dispatch(action as never),
    actionOf: updated(scuttlebutt, `${name}/updated`),
    receive: (batch, vouching) => ownPortOf(local).receive(batch, vouching, () => undefined),
    restored: () => void act('reread', reread),
  } satisfies Host<S, C>)
  const head = known?.head ?? createHead(host)
  if (!known) redux.subscribe(head.sync)
  const { cell, withdrawn, isPast, present } = head
  const local = createOnCell(scuttlebutt, cell, { ...options, now })
  /** Takes a step that changes the replica by an action of its own kind. Gives the new updates. */
  const act = (kind: string, step: Step<S, C>, id?: SourceId): ReadonlyArray<Update<C>> => {
    const [before, time] = [cell.getReplica(), now()]
    const after = step(before, time)
    const brought = news(before, after) ?? { updates: [], unread: [] }
    const action = actionWith(scuttlebutt, `${name}/${kind}`, brought, { now: time, id })
    if (after !== before) head.commit({ ...unchanged(after), taken: brought.updates }, action)
    return brought.updates
  }
  act('reread', reread)
  const store: ReduxReplicaStore<S, C> = {
    ...local,
    getReplica: () => host.read(),
    prune: () => void act('pruned', (replica, time) => prune(time)(replica)),
    reissue: (id) => {
      const step: Step<S, C> = (replica, time) => {
        withdrawn.set(replica.id, time)
        return reissue(id, time)(replica)[1]
      }
      const updates = act('reissued', step, id)
      cell.begin()
      return updates
    },
    isPast,
    present,
    revertTo: reverting(scuttlebutt, cell.getReplica, local),
  }
  keepBound(getState, name, { head, host, store })
  return store
}

const reverting =
  <S, C>(
    { dataType }: Scuttlebutt<S, C>,
    newest: () => Replica<S, C>,
    { changeAll }: LocalStore<S, C>,
  ): ReduxReplicaStore<S, C>['revertTo'] =>
  (old) => {
    const patches = ofStatesInFull<S>(dataType)(newest().state)(old.state)
    if (!patches.every(hasWayBack(dataType))) return left({ _tag: 'Irrevertible', name: dataType.name })
    return changeAll((dataType.patch?.(patches) ?? []) as Iterable<Command<S, C, { readonly _tag: string }>>)
  }
