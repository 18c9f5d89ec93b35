/** Undo and redo of what one store writes. */
import type { either as E } from 'fp-ts'
import { right } from '../core/Either.js'
import type { Path } from '../core/Patch.js'
import type { Update } from '../core/Update.js'
import * as Undo from '../data/undo/Undo.js'
import type { LocalStore, Store } from './store/Store.js'

export * as Undo from '../data/undo/Undo.js'

export interface UndoOptions {
  /** A change that comes sooner than this after the one before joins its step, in ms. Default 500. */
  readonly captureTimeout?: number
  /**
   * What is to be undone: names, such as those of a bucket's parts, or paths as in patches. Default:
   * everything.
   */
  readonly scope?: string | ReadonlyArray<string | Path>
  /** The wall clock, in ms since the epoch. Default `Date.now`. */
  readonly now?: () => number
}

export interface UndoManager<C> {
  /**
   * Takes back the newest step of one's own of which others left something. Gives the updates made,
   * none if there is nothing to undo. Errors as the store's `change`; then nothing has changed, but
   * for what a store without `changeAll` had written before.
   */
  readonly undo: () => E.Either<unknown, ReadonlyArray<Update<C>>>
  /** Takes back the newest `undo` since the last change of one's own. Otherwise as `undo`. */
  readonly redo: () => E.Either<unknown, ReadonlyArray<Update<C>>>
  /** Whether there is a step. It may be one of which others left nothing. O(1) for most. */
  readonly canUndo: () => boolean
  readonly canRedo: () => boolean
  /** The next change begins a step, however soon it comes. */
  readonly stopCapturing: () => void
  /** Forgets all steps. */
  readonly clear: () => void
  /** Forgets all steps, and lets go of the store. */
  readonly close: () => void
}

/** What {@link createUndo} needs of a store. */
export type Undoable<S, C> = Store<S, C> & Partial<Pick<LocalStore<S, C>, 'changeAll'>>

/**
 * Follows a store, and takes back what it writes from now on. Undo is a change as any other: a new
 * update. What others wrote stays. A write costs its `diff`; `undo` costs the size of the step and
 * of what others did since.
 *
 * @example
 * const store = createStore(scuttlebutt(Text), 'alice')
 * const { undo, redo } = createUndo(store)
 * store.change(Text.insert(0, 'hello'))
 * store.apply([[[0, ['+', 'Bob: ', 0, 0]], Date.now() + 1000, 'bob']])
 * undo()
 * Text.toString(store.getReplica().state) // => 'Bob: '
 * redo()
 * Text.length(store.getReplica().state) // => 10
 */
export const createUndo = <S, C>(
  store: Undoable<S, C>,
  { captureTimeout = 500, scope, now = Date.now }: UndoOptions = {},
): UndoManager<C> => {
  const places = scope === undefined ? [[]] : typeof scope === 'string' ? [[scope]] : scope.map(pathOf)
  const isInScope = (at: Path): boolean => places.some((place) => place.every((key, i) => key === at[i]))
  const { wrote, heard, take } = Undo.transitions(store.scuttlebutt.dataType, { captureTimeout, isInScope })
  let undo: Undo.Undo<S> = Undo.empty
  let seen = store.getReplica().state
  let isOurs = false
  const unsubscribe = store.subscribe((updates, replica, { state: before }) => {
    const { id, state: after } = replica
    // what was told to others before may have been seen already
    if (isOurs || before !== seen || after === before) return
    seen = after
    const isOwn = updates.length > 0 && updates.every(([, , source]) => source === id)
    undo = isOwn ? wrote(before, after, now())(undo) : heard(before, after)(undo)
  })
  /** To what the store holds by now, if it has not told of it yet. */
  const catchUp = (): S => {
    const { state } = store.getReplica()
    if (state !== seen) undo = heard(seen, state)(undo)
    return (seen = state)
  }
  const step = (from: 'done' | 'undone') => (): E.Either<unknown, ReadonlyArray<Update<C>>> => {
    const before = catchUp()
    const taken = take(from)(undo)
    if (taken === undefined) {
      undo = { ...undo, [from]: [] }
      return right([])
    }
    isOurs = true
    try {
      const made = changeAll(store, taken.commands)
      if (made._tag === 'Right') undo = taken.next(before, store.getReplica().state)
      return made
    } finally {
      isOurs = false
      if (store.getReplica().state !== before) seen = store.getReplica().state
    }
  }
  const clear = (): void => void (undo = Undo.empty)
  return {
    undo: step('done'),
    redo: step('undone'),
    canUndo: () => undo.done.some(isStep),
    canRedo: () => undo.undone.some(isStep),
    stopCapturing: () => void (undo = { ...undo, time: -Infinity }),
    clear,
    close: () => {
      unsubscribe()
      clear()
    },
  }
}

const pathOf = (place: string | Path): Path => (typeof place === 'string' ? [place] : place)

const isStep = (entry: object): boolean => 'step' in entry

const changeAll = <S, C>(
  store: Undoable<S, C>,
  commands: Undo.Taken<S, C>['commands'],
): E.Either<unknown, ReadonlyArray<Update<C>>> => {
  if (store.changeAll !== undefined) return store.changeAll(commands)
  const updates: Update<C>[] = []
  for (const command of commands) {
    const made = store.change(command)
    if (made._tag === 'Left') return made
    updates.push(made.right)
  }
  return right(updates)
}
