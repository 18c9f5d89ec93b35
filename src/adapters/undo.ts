/** Undo and redo of what one store writes. */
import type { either as E } from 'fp-ts'
import type { Path } from '../core/Patch.js'
import type { Update } from '../core/Update.js'
import { empty, hasStep, transitions, type Taken, type Undo } from '../data/undo/Undo.js'
import type { Present } from './store/part.js'
import { heedReturned } from './store/returned.js'
import type { Listener, LocalStore, Store } from './store/Store.js'

export { empty, transitions, type Options, type Taken, type Transitions, type Undo } from '../data/undo/Undo.js'

export interface UndoOptions {
  /**
   * A change that comes sooner than this after the one before joins its step, in ms. Default 500.
   */
  readonly captureTimeout?: number
  /**
   * What is to be undone: names, as of a bucket's parts, or paths as in patches. Default: all.
   */
  readonly scope?: string | ReadonlyArray<string | Path>
  /** The wall clock, in ms since the epoch. Default `Date.now`. */
  readonly now?: () => number
}

export interface UndoManager<C> {
  /**
   * Takes back one's newest step. Skips steps that others have wholly overwritten. Gives the
   * updates made, none if there is nothing to undo. Errors as the store's `changeAll`; then nothing
   * has changed.
   */
  readonly undo: () => E.Either<unknown, ReadonlyArray<Update<C>>>
  /**
   * Takes back the newest `undo` since the last own change that undo can take back. Otherwise as
   * `undo`.
   */
  readonly redo: () => E.Either<unknown, ReadonlyArray<Update<C>>>
  /** Whether there is a step. It may be one that others have overwritten. O(1) for most. */
  readonly canUndo: () => boolean
  readonly canRedo: () => boolean
  /** The next change begins a step, however soon it comes. */
  readonly stopCapturing: () => void
  /** Forgets all steps. */
  readonly clear: () => void
  /** Lets go of the store: what it writes from then on is no step. */
  readonly close: () => void
}

/** What {@link createUndo} needs of a store. Of one that may show the past it follows `present`. */
export type Undoable<S, C> = Store<S, C> & Pick<LocalStore<S, C>, 'changeAll'> & Present<S, C>

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
  { captureTimeout = 500, scope = [[]], now = Date.now }: UndoOptions = {},
): UndoManager<C> => {
  const places = [scope].flat().map((place): Path => [place].flat())
  const isInScope = (at: Path): boolean => places.some((place) => place.every((key, i) => key === at[i]))
  const { wrote, heard, take } = transitions(store.scuttlebutt.dataType, { captureTimeout, isInScope })
  const isReturned = heedReturned()
  let undo: Undo<S> = empty
  const present = store.present ?? store
  const current = (): S => present.getReplica().state
  let seen = current()
  /** The step back that is on its way. */
  let taken: Taken<S, C> | undefined
  /** Goes on to another state: by the step back, else as others' work, or one's own. */
  const advance = (after: S, isOwn?: boolean): void => {
    if (taken) undo = taken.next(seen, after)
    else undo = (isOwn ? wrote(seen, after, now()) : heard(seen, after))(undo)
    taken = undefined
    seen = after
  }
  const listener: Listener<S, C> = (updates, { id, state: after }, { state: before }) => {
    // a change told late is counted already
    if (before !== seen || after === before) return
    advance(after, updates.length > 0 && updates.every((update) => update[2] === id && !isReturned(update)))
  }
  const catchUp = (isDone?: boolean): void => {
    if ((isDone && taken) || current() !== seen) advance(current())
    taken = undefined
  }
  type Made = E.Either<unknown, ReadonlyArray<Update<C>>>
  const step = (from: 'done' | 'undone') => (): Made => {
    // a store of another make may tell late
    catchUp()
    taken = take(from)(undo)
    let made: Made | undefined
    try {
      made = store.changeAll(taken.commands)
      return made
    } finally {
      // a listener may have thrown
      catchUp(made?._tag === 'Right')
    }
  }
  return {
    undo: step('done'),
    redo: step('undone'),
    canUndo: () => hasStep(undo.done),
    canRedo: () => hasStep(undo.undone),
    stopCapturing: () => void (undo = { ...undo, time: -Infinity }),
    clear: () => void (undo = empty),
    close: present.subscribe(listener, { first: true }),
  }
}
