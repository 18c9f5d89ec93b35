/** The two sides of fp-ts's `Option`, as plain records: the core loads no code of fp-ts. */
import type { option as O } from 'fp-ts'

/** Nothing. */
export const none: O.None = { _tag: 'None' }

/** A value. O(1). */
export const some = <A>(value: A): O.Some<A> => ({ _tag: 'Some', value })
