/** The two sides of fp-ts's `Option`, as plain records: the core loads no code of fp-ts. */
import type { option as O } from 'fp-ts'

/** Nothing: one frozen object. */
export const none: O.None = /* @__PURE__ */ Object.freeze({ _tag: 'None' } as const)

/** A value. Frozen, since queries share it. O(1). */
export const some = <A>(value: A): O.Some<A> => Object.freeze({ _tag: 'Some', value } as const)
