/** What changed between two versions, as plain data. */
import * as Json from './Json.js'

/** The value of a key, of a field or of a part is another one. */
export interface Replaced<At extends Path = Path, A = unknown> {
  /** Where: names and indices, from the outermost value inwards. */
  readonly at: At
  /** Absent if there was none. */
  readonly before?: A
  /** Absent if there is none any more. */
  readonly after?: A
}

/** Items of a list gave way to others. A text is a list of UTF-16 code units. */
export interface Spliced<At extends Path = Path, A = unknown> {
  readonly at: At
  /** The index of the first of them, in the list as the patches before this one left it. */
  readonly splice: number
  readonly removed: ReadonlyArray<A>
  readonly inserted: ReadonlyArray<A>
}

export type Path = ReadonlyArray<string | number>

export type Patch = Replaced | Spliced

/** Whether two values are the same to whoever reads them. O(size). */
export const isSame = (a: unknown, b: unknown): boolean => Json.equals(a, b, true)

/** The patch of a place, undefined for no value. */
export const replaced = <const At extends Path, A>(
  at: At,
  before: A | undefined,
  after: A | undefined,
): Replaced<At, A> => ({ at, ...(before !== undefined && { before }), ...(after !== undefined && { after }) })

/** {@link replaced} as a list: none if both values are the same. */
export const between = <const At extends Path, A>(
  at: At,
  before: A | undefined,
  after: A | undefined,
): ReadonlyArray<Replaced<At, A>> => (isSame(before, after) ? [] : [replaced(at, before, after)])
