/**
 * Any pure reducer `(state, action) => state`, made convergent: actions are reduced in total order.
 * A late action rewinds to the nearest checkpoint before it.
 *
 * On the wire the action, as npm `redux-scuttlebutt`. It keeps O(log n) of n states, more of them
 * near the end. Plain objects and arrays that the reducer returns are frozen. If the reducer
 * throws, the state stays as it was, on every replica; a reducer that changes its frozen state in
 * place throws too. {@link failures} tells of it. No action is ever forgotten.
 *
 * Two programs whose reducers differ show different states for the same actions, and no clock tells
 * them apart. So give the type another `version` whenever the reducer changes: programs of two
 * versions do not talk.
 *
 * @example
 * import * as t from 'io-ts'
 * const counter = scuttlebutt(Replay.of((n, add) => n + add, 0, t.number))
 * const [, replica] = unwrap(counter.change(Replay.dispatch(5), 1000)(counter.create('alice')))
 * Replay.state(counter.applyUpdate([2, 999, 'ben'])(replica).state) // => 7
 */
import type { either as E, eq } from 'fp-ts'
import type * as t from 'io-ts'
import { MAX_DEPTH } from '../core/Change.js'
import type { Applied, DataType, Maker } from '../core/DataType.js'
import type { DeepReadonly } from '../core/DeepReadonly.js'
import { left, right } from '../core/Either.js'
import * as Json from '../core/Json.js'
import { between, type Patch, type Path } from '../core/Patch.js'
import { before, sameStamp, type Update } from '../core/Update.js'
import * as SortedMap from '../structures/SortedMap.js'
import { readonly } from './parts/codecs.js'
import { kind, type Named } from './parts/kind.js'
import { spliced } from './parts/patches.js'
import { stable } from './parts/stable.js'

/** The state after the first `position` actions in total order. */
interface Checkpoint<S> {
  readonly position: number
  readonly state: S
}

type Action<A> = Update<DeepReadonly<A>>

export interface State<S, A> {
  readonly actions: SortedMap.SortedMap<Action<A>, true>
  /** By position. The first is the initial state, the last is the present state. */
  readonly checkpoints: ReadonlyArray<Checkpoint<S>>
  /** In total order. */
  readonly failures: ReadonlyArray<Failure<A>>
}

/** An action on which the reducer threw. */
export interface Failure<A> {
  readonly update: Action<A>
  readonly message: string
}

/** The reducer throws on the action. */
export interface ReducerThrew {
  readonly _tag: 'ReducerThrew'
  readonly action: unknown
  readonly message: string
}

/** Options of {@link of}. */
export interface Options extends Named {
  /** Whether the type's own `dispatch` refuses an action on which the reducer throws. */
  readonly strict?: boolean
}

/** The data type that {@link of} returns. */
export interface Type<S, A> extends DataType<State<S, A>, DeepReadonly<A>> {
  readonly toJSON: (state: State<S, A>) => S
  /**
   * A command that dispatches an action. With the option `strict` it calls the reducer once more.
   * Errors: `ReducerThrew`, if `strict`.
   *
   * @example
   * import { either as E } from 'fp-ts'
   * import * as t from 'io-ts'
   * const take = (stock, n) => {
   *   if (n > stock) throw new Error('sold out')
   *   return stock - n
   * }
   * const shop = Replay.of(take, 3, t.number, { strict: true })
   * const { create, change } = scuttlebutt(shop)
   * const refused = change(shop.dispatch(5), 1000)(create('ann'))
   * refused // => E.left({ _tag: 'ReducerThrew', action: 5, message: 'sold out' })
   */
  readonly dispatch: (action: A) => Maker<State<S, A>, DeepReadonly<A>, ReducerThrew>
}

/**
 * Reduces the actions that `action` decodes, starting from `initial`. The reducer must be pure, and
 * the `version` must change with it.
 *
 * Apply: O(u log n) for u updates and n actions, and at most about 4 l calls of the reducer, for l
 * actions from the oldest of the updates on.
 */
export const of = <S, A>(
  reducer: (state: S, action: A) => S,
  initial: S,
  action: t.Type<A, unknown, unknown>,
  { strict = false, ...options }: Options = {},
): Type<S, A> => ({
  ...kind('Replay', action.name, options),
  change: readonly(action),
  empty: {
    actions: SortedMap.empty(),
    checkpoints: [{ position: 0, state: frozen(initial) }],
    failures: Object.freeze([]),
  },
  apply: apply(reducer),
  toJSON,
  diff,
  dispatch: (made) => (replayed) => {
    const reduced = strict ? reduce(reducer, state(replayed), made) : undefined
    return reduced?._tag === 'Left'
      ? left({ _tag: 'ReducerThrew', action: made, message: reduced.left })
      : right(made as DeepReadonly<A>)
  },
})

const frozen = <S>(state: S): S => {
  Json.freeze(state, MAX_DEPTH)
  return state
}

const apply =
  <S, A>(reducer: (state: S, action: A) => S) =>
  (updates: ReadonlyArray<Action<A>>) =>
  (state: State<S, A>): Applied<State<S, A>, DeepReadonly<A>> => {
    const draft = new SortedMap.Draft<Action<A>, true>(before, state.actions)
    for (const update of updates) draft.set(update, true)
    const actions = draft.done()
    if (actions === state.actions) return { state, superseded: [] }
    // the updates move no action that is older than all of them
    const oldest = updates.reduce((a, b) => (before(b, a) ? b : a))
    const unmoved = SortedMap.rank(before, actions, oldest) - 1
    const count = SortedMap.size(actions)
    const valid = state.checkpoints.filter(({ position }) => position <= unmoved)
    const checkpoints = valid.filter(({ position }) => isKept(position, count))
    let { position, state: present } = valid[valid.length - 1]!
    const [first] = SortedMap.entryAt(actions, position)!
    const failures = state.failures.filter(({ update }) => before(update, first))
    SortedMap.forEach(
      actions,
      (_, update) => {
        const reduced = reduce(reducer, present, update[0] as A)
        if (reduced._tag === 'Right') present = reduced.right
        else failures.push(Object.freeze({ update, message: reduced.left }))
        position++
        if (isKept(position, count)) checkpoints.push({ position, state: present })
      },
      position,
    )
    return { state: { actions, checkpoints, failures: Object.freeze(failures) }, superseded: [] }
  }

/** The next state. Errors: the message of what the reducer threw. */
const reduce = <S, A>(reducer: (state: S, action: A) => S, state: S, action: A): E.Either<string, S> => {
  try {
    return right(frozen(reducer(state, action)))
  } catch (error) {
    return left(messageOf(error))
  }
}

/** Anything may be thrown. */
const messageOf = (error: unknown): string => {
  try {
    return error instanceof Error ? error.message : String(error)
  } catch {
    return 'no message'
  }
}

/**
 * Keeps the state after `position` actions if `position` is one of the last two multiples of some
 * power of two up to `count`: O(log n) checkpoints. To reach any action, the nearest checkpoint is
 * at most four times as far from the end as that action.
 */
const isKept = (position: number, count: number): boolean =>
  position === 0 || count - position < 2 * (position & -position)

/** A change that dispatches an action. O(1). */
export const dispatch = <A>(action: A): A => action

/** The state after all actions. O(1). */
export const state = <S, A>({ checkpoints }: State<S, A>): S => checkpoints[checkpoints.length - 1]!.state

/** The actions in total order. O(n). */
export const actions = <S, A>(state: State<S, A>): ReadonlyArray<DeepReadonly<A>> =>
  stable(state, 'actions', () => SortedMap.keys(state.actions).map(([action]) => action))

/**
 * The updates on which the reducer threw, or changed its state in place, in total order, with the
 * message. The same on all replicas with equal clocks, as far as their engines word messages alike.
 * O(1).
 */
export const failures = <S, A>(state: State<S, A>): ReadonlyArray<Failure<A>> => state.failures

/** The same as {@link state}, which is plain JSON if the reducer returns plain JSON. O(1). */
export const toJSON = state

/**
 * What differs between the states: in plain objects each member, in arrays of one length each item,
 * else a splice. Parts that are one object in both are skipped. O(members beside what differs).
 */
export const diff =
  <S, A>(old: State<S, A>) =>
  (made: State<S, A>): ReadonlyArray<Patch> =>
    walk(state(old), state(made), [])

const walk = (old: unknown, made: unknown, at: Path): ReadonlyArray<Patch> => {
  if (old === made) return []
  if (Json.isPlain(old) && Json.isPlain(made)) {
    return Object.keys({ ...old, ...made }).flatMap((name) =>
      walk(Json.memberOf(old, name), Json.memberOf(made, name), [...at, name]),
    )
  }
  if (!Array.isArray(old) || !Array.isArray(made)) return between(at, old, made)
  const [from, to] = [old, made] as readonly (readonly unknown[])[]
  if (from!.length === to!.length) return from!.flatMap((item, i) => walk(item, to![i], [...at, i]))
  return [{ ...spliced([from!, to!]), at }]
}

/** Equal if the same actions were dispatched. O(n). */
export const getEq = <A>(action: eq.Eq<A> = Json.Eq): eq.Eq<State<unknown, A>> => ({
  equals: (a, b) =>
    a === b ||
    SortedMap.equals(
      a.actions,
      b.actions,
      (_, __, x, y) => x === y || (sameStamp(x, y) && action.equals(x[0] as A, y[0] as A)),
    ),
})
