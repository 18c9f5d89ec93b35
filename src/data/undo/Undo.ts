/**
 * Undo of one's own work as a value: what was done and undone, and what others did meanwhile.
 *
 * Own changes are kept as the edits that take them back, by `diff`. Others' changes are kept as the
 * states before and after them. An edit passes those that came after it when it is asked for, so
 * what others wrote stays, and what they moved is found. Steps are taken back newest first.
 *
 * Source: rebasing as in operational transformation, Ellis and Gibbs, "Concurrency Control in
 * Groupware Systems" (1989).
 */
import type { Command, DataType } from '../../core/DataType.js'
import { hasWayBack, ofStatesInFull } from '../../core/diff.js'
import type { Patch, Path, Spliced } from '../../core/Patch.js'
import * as Edit from './Edit.js'

/** Takes back a part of a step. Steps are numbered from 1. */
interface Own {
  readonly step: number
  readonly edit: Edit.Edit
}

/** What others did: as an edit, or between two states. */
type Others<S> = { readonly step?: never } & ({ readonly edit: Edit.Edit } | { readonly from: S; readonly to: S })

/** Newest first. Each is made from what those above it give when they are undone. */
export type Stack<S> = ((Own | Others<S>) & { readonly below: Stack<S> }) | undefined

export interface Undo<S> {
  readonly done?: Stack<S>
  readonly undone?: Stack<S>
  /** The number of the newest step. */
  readonly step: number
  /** When it last grew, in ms. Minus infinity if the next change begins another. */
  readonly time: number
}

export const empty: Undo<never> = { step: 0, time: -Infinity }

/** What a step back comes to. */
export interface Taken<S, C> {
  readonly commands: ReadonlyArray<Command<S, C, unknown>>
  /** Given the states before and after the commands, what is left. */
  readonly next: (before: S, after: S) => Undo<S>
}

export interface Options {
  /** A change that comes sooner than this after the one before joins its step, in ms. */
  readonly captureTimeout: number
  /** Whether the patches at this place are to be undone. */
  readonly isInScope: (at: Path) => boolean
}

/** The transitions for one data type. */
export interface Transitions<S, C> {
  /**
   * After a change of one's own, made at `now`, in ms. Empties `undone`, unless nothing of the
   * change can be taken back: then as `heard`. Costs the `diff`, and the step it joins.
   */
  readonly wrote: (before: S, after: S, now: number) => (undo: Undo<S>) => Undo<S>
  /** After any other change. O(1): it is compared when a step is taken back. */
  readonly heard: (before: S, after: S) => (undo: Undo<S>) => Undo<S>
  /**
   * The newest step that others have not overwritten, taken back; no commands if there is none.
   * O(size of the step, and of what others did since).
   */
  readonly take: (from: 'done' | 'undone') => (undo: Undo<S>) => Taken<S, C>
}

export const transitions = <S, C>(
  dataType: DataType<S, C>,
  { captureTimeout, isInScope }: Options,
): Transitions<S, C> => {
  const diff = ofStatesInFull<S>(dataType)
  const isTracked = (patch: Patch): boolean => isInScope(patch.at) && hasWayBack(dataType)(patch)
  const editBetween = (before: S, after: S): Edit.Edit => Edit.of(diff(before)(after).filter(isTracked))
  const heard = (from: S, to: S) => (undo: Undo<S>) => ({
    ...undo,
    done: along(from, to, undo.done),
    undone: along(from, to, undo.undone),
  })
  return {
    heard,
    wrote: (before, after, now) => (undo) => {
      const edit = editBetween(after, before)
      // a change that cannot be taken back counts as others' work
      if (isEmpty(edit)) return heard(before, after)(undo)
      const step = now - undo.time < captureTimeout ? undo.step : undo.step + 1
      return { done: joined({ step, edit }, undo.done), step, time: now }
    },
    take: (from) => (undo) => {
      let edits: ReadonlyArray<Edit.Edit>
      let commands: Taken<S, C>['commands']
      let rest = undo[from]
      // a step that others have overwritten makes no commands: the one below it is next
      do {
        ;({ edits, rest } = newest(rest, diff))
        commands = dataType.patch?.(edits.flatMap(Edit.patchesOf)) ?? []
      } while (!commands.length && rest)
      const next = (before: S, after: S): Undo<S> => {
        const edit = editBetween(after, before)
        const step = undo.step + 1
        const other = from === 'done' ? 'undone' : 'done'
        const isShown = !isEmpty(edit)
        return commands.length
          ? {
              [from]: isShown && !isAsPlanned(edits, edit) ? undefined : rest,
              [other]: isShown ? { step, edit, below: undo[other] } : undo[other],
              step,
              time: -Infinity,
            }
          : { ...undo, [from]: undefined }
      }
      return { commands, next }
    },
  }
}

/** Whether there is a step. Costs the others' changes above the newest one. */
export const hasStep = <S>(stack: Stack<S>): boolean => !!stack && (!!stack.step || hasStep(stack.below))

const isEmpty = (edit: Edit.Edit): boolean => !Edit.patchesOf(edit).length

/**
 * The stack with one more own edit: at one with the edit before it if that is of the same step, and
 * not much longer. So a step of n edits is kept as O(log n), and each is joined O(log n) times.
 */
const joined = <S>(own: Own, stack: Stack<S>): Stack<S> => {
  const isNext = stack?.step === own.step && Edit.sizeOf(stack.edit) <= 2 * Edit.sizeOf(own.edit)
  const edit = isNext && Edit.both(own.edit, stack.edit)
  return edit ? joined({ ...own, edit }, stack.below) : { ...own, below: stack }
}

const along = <S>(from: S, to: S, stack: Stack<S>): Stack<S> =>
  stack && ('from' in stack ? { ...stack, to } : { from, to, below: stack })

/**
 * The edits that take back the newest step, one after another, and the stack without it. No
 * edits and an empty stack if there is no step.
 */
const newest = <S>(
  stack: Stack<S>,
  diff: (from: S) => (to: S) => ReadonlyArray<Patch>,
): { readonly edits: ReadonlyArray<Edit.Edit>; readonly rest: Stack<S> } => {
  const edits: Edit.Edit[] = []
  let others: ReadonlyArray<Edit.Edit> = []
  let step: number | undefined
  let rest = stack
  for (; rest; rest = rest.below) {
    if (!rest.step) {
      others = ['from' in rest ? Edit.of(diff(rest.from)(rest.to)) : rest.edit, ...others]
      continue
    }
    step ??= rest.step
    if (rest.step !== step) break
    let { edit } = rest
    others = others.map((other) => {
      const passed = Edit.over(other, edit, false)
      edit = Edit.over(edit, other, true)
      return passed
    })
    // what a step did and took back itself, though others wrote in between, is nothing to undo
    const last = edits.at(-1)
    const joint = last && Edit.both(last, edit)
    if (joint) edits.pop()
    edits.push(joint ?? edit)
  }
  return { edits, rest: edits.length ? others.reduce<Stack<S>>((below, edit) => ({ edit, below }), rest) : undefined }
}

/**
 * Whether items came back to where the edits say, given the edit back. A feed puts what comes back
 * last: older steps would find other items.
 */
const isAsPlanned = (edits: ReadonlyArray<Edit.Edit>, back: Edit.Edit): boolean => {
  const all = [back, ...edits].map(({ lists }): Edit.Edit => ({ lists, values: new Map() }))
  const made = all.reduce(Edit.both as (one: Edit.Edit, next: Edit.Edit) => Edit.Edit)
  return (Edit.patchesOf(made) as ReadonlyArray<Spliced>).every(
    ({ removed, inserted }) => removed.length === inserted.length,
  )
}
