/** Undo and redo of what one store writes. */
import type { either as E } from 'fp-ts'
import type { Path } from '../core/Patch.js'
import type { Update } from '../core/Update.js'
import { empty, transitions, type Undo } from '../data/undo/Undo.js'
import type { LocalStore, Store } from './store/Store.js'

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
   * Takes back the newest step of one's own of which others left something. Gives the updates made,
   * none if there is nothing to undo. Errors as the store's `changeAll`; then nothing has changed.
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
  /** Lets go of the store: what it writes from then on is no step. */
  readonly close: () => void
}

/** What {@link createUndo} needs of a store. Of one that may show the past it follows `present`. */
export type Undoable<S, C> = Store<S, C> &
  Pick<LocalStore<S, C>, 'changeAll'> & { readonly present?: Pick<Store<S, C>, 'getReplica' | 'subscribe'> }

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
  const places = [scope].flat().map(pathOf)
  const isInScope = (at: Path): boolean => places.some((place) => place.every((key, i) => key === at[i]))
  const { wrote, heard, take } = transitions(store.scuttlebutt.dataType, { captureTimeout, isInScope })
  let undo: Undo<S> = empty
  const present = store.present ?? store
  let seen: S | undefined = present.getReplica().state
  const unsubscribe = present.subscribe((updates, replica, { state: before }) => {
    const { id, state: after } = replica
    // what is told late was seen before
    if (before !== seen || after === before) return
    seen = after
    const isOwn = updates.length > 0 && updates.every(([, , source]) => source === id)
    undo = isOwn ? wrote(before, after, now())(undo) : heard(before, after)(undo)
  })
  const step = (from: 'done' | 'undone') => (): E.Either<unknown, ReadonlyArray<Update<C>>> => {
    const before = present.getReplica().state
    // the store may not have told of it yet
    if (before !== seen) undo = heard(seen as S, before)(undo)
    const taken = take(from)(undo)
    seen = undefined // our own change is no news
    try {
      const made = store.changeAll(taken.commands)
      if (made._tag === 'Right') undo = taken.next(before, present.getReplica().state)
      return made
    } finally {
      seen = present.getReplica().state
    }
  }
  return {
    undo: step('done'),
    redo: step('undone'),
    canUndo: () => undo.done.some(isStep),
    canRedo: () => undo.undone.some(isStep),
    stopCapturing: () => void (undo = { ...undo, time: -Infinity }),
    clear: () => void (undo = empty),
    close: unsubscribe,
  }
}

const pathOf = (place: string | Path): Path => (typeof place === 'string' ? [place] : place)

const isStep = (entry: object): boolean => 'step' in entry
