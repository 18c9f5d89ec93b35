/** What React reads of a store: the same value again as long as it is equal. */

/** Whether two values are equal, or two arrays or objects whose members are. O(members). */
export const shallow = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const [left, right] = [a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>]
  const keys = Object.keys(left)
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && Object.is(left[key], right[key]))
  )
}

/** A value that was read. */
export interface Held<A> {
  readonly value: A
}

/**
 * Reads. While the value equals the last one, gives the last one. `former` gives the value to
 * compare the first one with.
 */
export const steady = <A>(
  read: () => A,
  isEqual: (a: A, b: A) => boolean,
  former: () => Held<A> | undefined = () => undefined,
): (() => A) => {
  let last: Held<A> | undefined
  return () => {
    const value = read()
    const before = last ?? former()
    last = before !== undefined && isEqual(before.value, value) ? before : { value }
    return last.value
  }
}

/** Selects from what `read` gives, once for each state. */
export const selecting = <S, A>(read: () => S, select: (state: S) => A): (() => A) => {
  let last: { readonly state: S; readonly value: A } | undefined
  return () => {
    const state = read()
    if (last === undefined || !Object.is(last.state, state)) last = { state, value: select(state) }
    return last.value
  }
}

/** Remembers one value. */
export interface Memory<A> {
  readonly keep: (value: A) => void
  readonly former: () => Held<A> | undefined
}

export const createMemory = <A>(): Memory<A> => {
  let last: Held<A> | undefined
  return {
    keep: (value) => {
      last = { value }
    },
    former: () => last,
  }
}
