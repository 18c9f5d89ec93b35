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
import { ofStates } from '../../core/diff.js'
import type { Patch, Path } from '../../core/Patch.js'
import type * as Scuttlebucket from '../Scuttlebucket.js'
import * as Edit from './Edit.js'

/** Takes back a part of a step. */
interface Own {
  readonly step: number
  readonly edit: Edit.Edit
}

/** What others did: as an edit, or between two states. */
type Others<S> = { readonly edit: Edit.Edit } | { readonly from: S; readonly to: S }

/** Oldest first. Each is made from what the next ones give when they are undone. */
type Stack<S> = ReadonlyArray<Own | Others<S>>

export interface Undo<S> {
  readonly done: Stack<S>
  readonly undone: Stack<S>
  /** The number of the newest step. */
  readonly step: number
  /** When it last grew, in ms. Minus infinity if the next change begins another. */
  readonly time: number
}

export const empty: Undo<never> = { done: [], undone: [], step: 0, time: -Infinity }

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
  /** After a change of one's own, made at `now`, in ms. */
  readonly wrote: (before: S, after: S, now: number) => (undo: Undo<S>) => Undo<S>
  /** After any other change. O(1). */
  readonly heard: (before: S, after: S) => (undo: Undo<S>) => Undo<S>
  /**
   * The newest step of which others left something, taken back; no commands if there is none.
   * O(size of the step, and of what others did since).
   */
  readonly take: (from: 'done' | 'undone') => (undo: Undo<S>) => Taken<S, C>
}

export const transitions = <S, C>(
  dataType: DataType<S, C>,
  { captureTimeout, isInScope }: Options,
): Transitions<S, C> => {
  const diff = ofStates<S>(dataType)
  const isTracked = ({ at }: Patch): boolean => isInScope(at) && canPatch(dataType, at)
  const editBetween = (before: S, after: S): Edit.Edit => Edit.of(diff(before)(after).filter(isTracked))
  return {
    wrote: (before, after, now) => (undo) => {
      const edit = editBetween(after, before)
      if (isEmpty(edit)) return undo
      const step = now - undo.time < captureTimeout ? undo.step : undo.step + 1
      return { done: joined({ step, edit }, undo.done), undone: [], step, time: now }
    },
    heard: (from, to) => (undo) => ({
      ...undo,
      done: along(from, to, undo.done),
      undone: along(from, to, undo.undone),
    }),
    take: (stack) => (undo) => {
      let rest = undo[stack]
      for (;;) {
        const taken = newest(rest, editBetween)
        if (taken === undefined) return { commands: [], next: () => ({ ...undo, [stack]: [] }) }
        rest = taken.rest
        const patches = taken.edits.flatMap(Edit.patchesOf)
        if (patches.length === 0) continue
        const next = (before: S, after: S): Undo<S> => {
          const back = editBetween(after, before)
          const step = undo.step + 1
          const other = stack === 'done' ? 'undone' : 'done'
          const more = isEmpty(back) ? undo[other] : [...undo[other], { step, edit: back }]
          const left = isAsPlanned(taken.edits, back) ? taken.rest : []
          return { ...undo, [stack]: left, [other]: more, step, time: -Infinity }
        }
        return { commands: dataType.patch!(patches), next }
      }
    },
  }
}

/** Whether what changed at a place can be taken back: each part of a bucket says so itself. */
const canPatch = (dataType: object, [name, ...at]: Path): boolean => {
  const { parts, patch } = dataType as Partial<Scuttlebucket.Type<Scuttlebucket.Parts>>
  const part = parts?.[name as string]
  return part === undefined ? patch !== undefined : canPatch(part, at)
}

const isEmpty = (edit: Edit.Edit): boolean => Edit.patchesOf(edit).length === 0

/** The stack with one more own edit: at one with the edit before it if that is of the same step. */
const joined = <S>(own: Own, stack: Stack<S>): Stack<S> => {
  const last = stack.at(-1)
  const edit =
    last !== undefined && 'step' in last && last.step === own.step ? Edit.both(own.edit, last.edit) : undefined
  return edit === undefined ? [...stack, own] : [...stack.slice(0, -1), { step: own.step, edit }]
}

const along = <S>(from: S, to: S, stack: Stack<S>): Stack<S> => {
  const last = stack.at(-1)
  if (last === undefined) return stack
  return 'from' in last ? [...stack.slice(0, -1), { from: last.from, to }] : [...stack, { from, to }]
}

/** The edits that take back the newest step, one after another, and the stack without it. */
const newest = <S>(
  stack: Stack<S>,
  editBetween: (from: S, to: S) => Edit.Edit,
): { readonly edits: ReadonlyArray<Edit.Edit>; readonly rest: Stack<S> } | undefined => {
  const edits: Edit.Edit[] = []
  let others: ReadonlyArray<Edit.Edit> = []
  let step: number | undefined
  let i = stack.length - 1
  for (; i >= 0; i--) {
    const entry = stack[i]!
    if (!('step' in entry)) {
      others = ['from' in entry ? editBetween(entry.from, entry.to) : entry.edit, ...others]
      continue
    }
    step ??= entry.step
    if (entry.step !== step) break
    let { edit } = entry
    others = others.map((other) => {
      const passed = Edit.over(other, edit, false)
      edit = Edit.over(edit, other, true)
      return passed
    })
    edits.push(edit)
  }
  return step === undefined
    ? undefined
    : { edits, rest: [...stack.slice(0, i + 1), ...others.map((edit) => ({ edit }))] }
}

/**
 * Whether lists came out as the edits say, given the edit back. A feed puts what comes back last:
 * older steps would find other items.
 */
const isAsPlanned = (edits: ReadonlyArray<Edit.Edit>, back: Edit.Edit): boolean => {
  const all = [back, ...edits].map(({ lists }) => ({ values: Edit.none, lists }))
  return isEmpty(all.reduce((one, next) => Edit.both(one, next)!))
}
