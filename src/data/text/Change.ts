/**
 * What a text's updates carry: the operations of one stroke, and how they name units.
 *
 * A unit is one UTF-16 code unit that was ever inserted. Its id is (first, k, source): the k-th
 * unit of the stroke that the update stamped `first` of that source began.
 */
import * as t from 'io-ts'
import { markIdentity } from '../../core/identityCodec.js'
import * as Timestamp from '../../core/Timestamp.js'
import type { SourceId } from '../../core/Update.js'

/** The `k`-th unit of this stroke, of another one of the same source, or of another source. */
export type Ref = number | readonly [first: number, k: number] | readonly [first: number, k: number, source: SourceId]

/**
 * Inserts text between two units. 0 is the start on the left, the end on the right. Without `right`
 * it is the unit one further in the stroke of `left`, or the end if `left` is the start.
 */
export type Insert =
  readonly [kind: '+', text: string, left: Ref, right: Ref] | readonly [kind: '+', text: string, left: Ref]

/** Hides `count` units of one stroke, from `from` on. */
export type Hide = readonly [kind: '-', from: Ref, count: number]

/** Any other operation is kept and passed on. */
export type Other = readonly [kind: string, ...rest: ReadonlyArray<unknown>]

export type Operation = Insert | Hide | Other

/**
 * `first` is 0 if the update begins a stroke, else the timestamp of the own update that began it. A
 * later update of a stroke repeats its operations, and supersedes the earlier one.
 */
export type Change = readonly [first: number, ...operations: ReadonlyArray<Operation>]

/** Whether a change is `[0]`: it is superseded at once, and no stroke begins. */
export const isNothing = (change: Change): boolean => change.length === 1 && change[0] === 0

export const isInsert = (operation: Operation): operation is Insert => operation[0] === '+'

export const isHide = (operation: Operation): operation is Hide => operation[0] === '-'

/** A positive whole number that JSON carries exactly. */
const isCount = (u: unknown): u is number => Number.isSafeInteger(u) && (u as number) > 0

const isRef = (u: unknown): u is Ref =>
  isCount(u) ||
  (Array.isArray(u) &&
    (u.length === 2 || (u.length === 3 && typeof u[2] === 'string')) &&
    Timestamp.is(u[0]) &&
    isCount(u[1]))

const isEdgeOrRef = (u: unknown): boolean => u === 0 || isRef(u)

const isOperation = (u: unknown): u is Operation => {
  if (!Array.isArray(u)) return false
  const members: readonly unknown[] = u
  switch (members[0]) {
    case '+':
      return (
        typeof members[1] === 'string' &&
        members[1] !== '' &&
        isEdgeOrRef(members[2]) &&
        (members.length === 3 || (members.length === 4 && isEdgeOrRef(members[3])))
      )
    case '-':
      return members.length === 3 && isRef(members[1]) && isCount(members[2])
    default:
      return typeof members[0] === 'string'
  }
}

const isChange = (u: unknown): u is Change => {
  if (!Array.isArray(u) || !(u[0] === 0 || Timestamp.is(u[0]))) return false
  for (let i = 1; i < u.length; i++) if (!isOperation(u[i])) return false
  return true
}

/** Checks a change and makes nothing. O(size). */
export const codec: t.Type<Change, unknown, unknown> = new t.Type<Change, unknown, unknown>(
  '[first, ...operations]',
  isChange,
  (u, context) => (isChange(u) ? t.success(u) : t.failure(u, context)),
  t.identity,
)

markIdentity(codec)
