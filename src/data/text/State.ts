/** The states of a text, and its transitions. */
import type { Applied } from '../../core/DataType.js'
import { stampedBefore, type SourceId, type Update } from '../../core/Update.js'
import { isNothing, type Change } from './Change.js'
import * as Doc from './Doc.js'
import * as Draft from './Draft.js'
import * as Open from './Open.js'

/** How far a stroke grows. With 0, each update begins a stroke. */
export interface Limits {
  readonly units: number
  readonly operations: number
}

/** The stroke that this very chain of states has begun, and may make longer. */
export interface Mine extends Doc.Key {
  /** {@link MARK}: no clone, file or other thread has this object. */
  readonly mark: object
}

export interface State {
  /** The text without its open end. */
  readonly doc: Doc.Doc
  readonly open: Open.Open | null
  readonly mine: Mine | null
  readonly limits: Limits
}

/** Known by identity. */
const MARK = {}

export const stateOf = (limits: Limits, doc = Doc.empty): State => ({ doc, open: null, mine: null, limits })

/**
 * The text after updates, in any order. O(1) for one that makes the newest operation longer, else
 * O(log n) for each operation and for each piece that it hides. O(n log n) if an update takes back
 * what an earlier one of its stroke says; an honest source makes none such.
 */
export const apply =
  (updates: ReadonlyArray<Update<Change>>) =>
  (state: State): Applied<State, Change> => {
    const { mine } = state
    const isMine = mine !== null && updates.some((update) => update[2] === mine.source)
    return applied(updates, state, isMine ? null : mine)
  }

/** {@link apply} for an update that this replica has just made. It may make its stroke longer. */
export const own =
  (update: Update<Change>) =>
  (state: State): Applied<State, Change> => {
    const { mine } = state
    const source = update[2]
    const first = Doc.firstOf(update)
    const isSame = mine !== null && mine.first === first && mine.source === source && mine.mark === MARK
    return applied([update], state, isSame ? mine : { mark: MARK, first, source })
  }

const applied = (updates: ReadonlyArray<Update<Change>>, state: State, mine: Mine | null): Applied<State, Change> => {
  const { doc, open, limits } = state
  if (open !== null && updates.length === 1) {
    const grown = Open.grown(open, updates[0]!)
    if (grown !== undefined) return { state: { doc, open: grown, mine, limits }, superseded: [open.update] }
  }
  const known = open !== null && committed.open === open ? committed.doc : undefined
  const mapOwner = updates.length > 1 ? {} : undefined
  const draft = known === undefined ? Draft.draftOf(doc, open, mapOwner) : Draft.draftOf(known, null, mapOwner)
  const last = updates.length > 1 ? lastOf(updates, draft.superseded) : updates
  let i = 0
  while (i < last.length) {
    const update = last[i++]!
    draft.hasMore = i < last.length
    Draft.take(draft, update)
  }
  return {
    state: draft.isTouched ? { doc: Draft.done(draft), open: draft.open, mine, limits } : state,
    superseded: draft.superseded,
  }
}

/**
 * The updates without those that the next one of their source repeats, longer: of these a state
 * knows nothing. They go to `superseded`, as does
 * what says nothing. O(u).
 */
const lastOf = (
  updates: ReadonlyArray<Update<Change>>,
  superseded: Update<Change>[],
): ReadonlyArray<Update<Change>> => {
  const last: (Update<Change> | undefined)[] = []
  /** Where the newest of each source stands. */
  const places = new Map<SourceId, number>()
  let [source, place] = ['', -1]
  let i = 0
  while (i < updates.length) {
    const update = updates[i++]!
    if (isNothing(update[0])) {
      superseded.push(update)
      continue
    }
    if (update[2] !== source) {
      places.set(source, place)
      source = update[2]
      place = places.get(source) ?? -1
    }
    const held = last[place]
    if (held !== undefined && Doc.firstOf(held) === Doc.firstOf(update) && stampedBefore(held, update)) {
      superseded.push(held)
      if (place === last.length - 1) last.pop()
      else last[place] = undefined
    }
    place = last.push(update) - 1
  }
  return last.filter((update) => update !== undefined)
}

/**
 * The text whose open end was put into the tree last. Only saves to do so again: a command does,
 * and then `own`. One text, as a WeakMap of all would cost the collector a third of the typing.
 */
const committed: { open: Open.Open | null; doc: Doc.Doc } = { open: null, doc: Doc.empty }

/** The whole text as a tree. O(log n), and O(1) if it is asked again at once. */
export const whole = ({ doc, open }: State): Doc.Doc => {
  if (open === null) return doc
  if (committed.open === open) return committed.doc
  const draft = Draft.draftOf(doc, open)
  Draft.flush(draft)
  committed.doc = Draft.done(draft)
  committed.open = open
  return committed.doc
}

/** The stroke that a local update of `source` may make longer. */
export const growing = ({ mine }: State, source: string): Doc.Key | undefined =>
  mine !== null && mine.mark === MARK && mine.source === source ? mine : undefined

/**
 * The same text; the next local update begins a stroke. For who goes back to an older version and
 * writes on under the same id.
 */
export const close = (state: State): State => (state.mine === null ? state : { ...state, mine: null })
