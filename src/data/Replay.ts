/**
 * Any pure reducer `(state, action) => state`, made convergent: actions are reduced in total order, and one
 * that comes late rewinds to the nearest checkpoint before it.
 *
 * On the wire the action, as npm `redux-scuttlebutt`. Of n states O(log n) are kept: the last, and the farther back, the
 * fewer. What the reducer makes of plain objects and arrays is frozen, so that nobody can change an older version.
 * An action on which the reducer throws leaves the state as it was, on every replica. No action is ever forgotten.
 *
 * @example
 * const counter = scuttlebutt(Replay.of((n, add) => n + add, 0, t.number))
 * const [, replica] = unwrap(counter.change(Replay.dispatch(5), 1000)(counter.create('alice')))
 * Replay.state(counter.applyUpdate([2, 999, 'ben'])(replica).state) // => 7
 */
import type { eq } from 'fp-ts'
import type * as t from 'io-ts'
import { MAX_DEPTH } from '../core/Change.js'
import type { Applied, DataType } from '../core/DataType.js'
import * as Json from '../core/Json.js'
import * as SortedMap from '../structures/SortedMap.js'
import * as Update from '../core/Update.js'

/** A state and how many of the actions, in total order, it comes from. */
interface Checkpoint<S> {
  readonly position: number
  readonly state: S
}

export interface State<S, A> {
  readonly actions: SortedMap.SortedMap<Update.Update<A>, true>
  /** In order. The first is the initial state, the last the present one. */
  readonly checkpoints: ReadonlyArray<Checkpoint<S>>
}

/**
 * The actions that `action` decodes, reduced from `initial` on. The reducer must be pure. Apply: O(u log n + l) and
 * as many calls of the reducer, for u updates, n actions and l of these after the first of the updates; the call
 * costs the same for l from 0 on, within a factor of four.
 */
export const of = <S, A>(
  reducer: (state: S, action: A) => S,
  initial: S,
  action: t.Type<A, unknown, unknown>,
): DataType<State<S, A>, A> => ({
  name: `Replay<${action.name}>`,
  change: action,
  empty: { actions: SortedMap.empty(), checkpoints: [{ position: 0, state: frozen(initial) }] },
  apply: apply(reducer),
  toJSON,
})

const frozen = <S>(state: S): S => {
  Json.freeze(state, MAX_DEPTH)
  return state
}

const apply =
  <S, A>(reducer: (state: S, action: A) => S) =>
  (updates: ReadonlyArray<Update.Update<A>>) =>
  (state: State<S, A>): Applied<State<S, A>, A> => {
    const draft = new SortedMap.Draft<Update.Update<A>, true>(Update.before, state.actions)
    for (const update of updates) draft.set(update, true)
    const actions = draft.done()
    if (actions === state.actions) return { state, superseded: [] }
    // nothing before the first of the updates has moved
    const first = updates.reduce((a, b) => (Update.before(b, a) ? b : a))
    const valid = SortedMap.rank(Update.before, actions, first) - 1
    const count = SortedMap.size(actions)
    const before = state.checkpoints.filter(({ position }) => position <= valid)
    const checkpoints = before.filter(({ position }) => isKept(position, count))
    let { position, state: present } = before[before.length - 1]!
    SortedMap.forEach(
      actions,
      (_, [action]) => {
        present = reduce(reducer, present, action)
        position++
        if (isKept(position, count)) checkpoints.push({ position, state: present })
      },
      position,
    )
    return { state: { actions, checkpoints }, superseded: [] }
  }

const reduce = <S, A>(reducer: (state: S, action: A) => S, state: S, action: A): S => {
  try {
    return frozen(reducer(state, action))
  } catch {
    return state
  }
}

/**
 * Whether, of `count` states, that after `position` actions is kept: for each power of two, its last multiple and the one before
 * that. So there is one at most four times as far from the end as any action, and once dropped none is missed.
 */
const isKept = (position: number, count: number): boolean =>
  position === 0 || count - position < 2 * (position & -position)

/** A change that dispatches an action. */
export const dispatch = <A>(action: A): A => action

/** What all actions come to. O(1). */
export const state = <S, A>({ checkpoints }: State<S, A>): S => checkpoints[checkpoints.length - 1]!.state

/** The actions in total order. O(n). */
export const actions = <S, A>(state: State<S, A>): ReadonlyArray<A> =>
  SortedMap.keys(state.actions).map(([action]) => action)

/** The state, which is plain JSON if the reducer makes it so. O(1). */
export const toJSON = state

/** Equal where the same actions were dispatched. O(n). */
export const getEq = <A>(action: eq.Eq<A> = Json.Eq): eq.Eq<State<unknown, A>> => ({
  equals: (a, b) =>
    a === b ||
    SortedMap.equals(
      a.actions,
      b.actions,
      (_, __, x, y) => x === y || (Update.sameStamp(x, y) && action.equals(x[0], y[0])),
    ),
})
