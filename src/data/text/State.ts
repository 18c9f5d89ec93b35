/** The states of a text, and its transitions. */
import type { Applied } from '../../core/DataType.js'
import type { Update } from '../../core/Update.js'
import type { Change } from './Change.js'
import * as Doc from './Doc.js'
import { Draft } from './Draft.js'
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

export const emptyOf = (limits: Limits): State => ({ doc: Doc.empty, open: null, mine: null, limits })

/**
 * The text after updates, in any order. O(1) for one that makes the newest operation longer, else
 * O(log n) for each operation and for each piece that it hides. O(n log n) if an update takes back
 * what an earlier one of its stroke says; an honest source makes none such.
 */
export const apply =
  (updates: ReadonlyArray<Update<Change>>) =>
  (state: State): Applied<State, Change> => {
    const { mine, open } = state
    const isMine = mine !== null && updates.some((update) => update[2] === mine.source)
    const next = isMine ? null : mine
    const longer = open === null || updates.length !== 1 ? undefined : grown(open, updates[0]!, state, next)
    return longer ?? applied(updates, state, next)
  }

/** {@link apply} for an update that this replica has just made. It may make its stroke longer. */
export const own =
  (update: Update<Change>) =>
  (state: State): Applied<State, Change> => {
    const { mine, open } = state
    const first = update[0][0]
    const isSame = mine !== null && mine.first === first && mine.source === update[2] && mine.mark === MARK
    const next = isSame ? mine : { mark: MARK, first: first === 0 ? update[1] : first, source: update[2] }
    return (open === null ? undefined : grown(open, update, state, next)) ?? applied([update], state, next)
  }

const grown = (open: Open.Open, update: Update<Change>, { doc, limits }: State, mine: Mine | null) => {
  const next = Open.grown(open, update)
  return next && { state: { doc, open: next, mine, limits }, superseded: [open.update] }
}

const applied = (updates: ReadonlyArray<Update<Change>>, state: State, mine: Mine | null): Applied<State, Change> => {
  const draft = draftOf(state, updates.length > 1)
  for (const update of updates) draft.take(update)
  const next = draft.done()
  const isSame = !draft.isTouched
  return {
    state: isSame ? state : { doc: next, open: draft.open, mine, limits: state.limits },
    superseded: draft.superseded,
  }
}

const draftOf = ({ doc, open }: State, isBatch: boolean): Draft => {
  const known = open?.[Open.COMMITTED]
  return known === undefined ? new Draft(doc, open, isBatch) : new Draft(known, null, isBatch)
}

/** The whole text as a tree. O(log n), and O(1) the next time. */
export const whole = ({ doc, open }: State): Doc.Doc => {
  if (open === null) return doc
  const known = open[Open.COMMITTED]
  if (known !== undefined) return known
  const draft = new Draft(doc, open, false)
  draft.flush()
  const next = draft.done()
  // whoever froze the state gets it made again
  if (Object.isExtensible(open)) open[Open.COMMITTED] = next
  return next
}

/** The stroke that a local update of `source` may make longer. */
export const growing = ({ mine }: State, source: string): Doc.Key | undefined =>
  mine !== null && mine.mark === MARK && mine.source === source ? mine : undefined

/**
 * The same text; the next local update begins a stroke. For who goes back to an older version and
 * writes on under the same id.
 */
export const close = (state: State): State => (state.mine === null ? state : { ...state, mine: null })
