/** The two sides of fp-ts's `Either`, as plain records: the core loads no code of fp-ts. */
import type { either as E } from 'fp-ts'

/** What went wrong. O(1). */
export const left = <Err>(error: Err): E.Left<Err> => ({ _tag: 'Left', left: error })

/** What went right. O(1). */
export const right = <A>(value: A): E.Right<A> => ({ _tag: 'Right', right: value })

/**
 * The value of a `Right`. For a `Left` it throws an `Error` with the `Left` as its text and its
 * `cause`. For tests, examples and scripts, where a refusal is a mistake. O(1).
 *
 * @example
 * import * as t from 'io-ts'
 * const { create, change } = scuttlebutt(Model.of(t.number))
 * const [update] = unwrap(change(Model.set('x', 1), 1000)(create('ann')))
 * update // => [['x', 1], 1000, 'ann']
 */
export const unwrap = <A>(either: E.Either<unknown, A>): A => {
  if (either._tag === 'Right') return either.right
  throw new Error(`unwrap: ${show(either.left)}`, { cause: either.left })
}

const show = (error: unknown): string => {
  try {
    return JSON.stringify(error)
  } catch {
    return String(error)
  }
}
