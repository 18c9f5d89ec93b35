/** The right side, or a thrown error that shows the left side. */
import type { either as E } from 'fp-ts'

export const right = <A>(either: E.Either<unknown, A>): A => {
  if (either._tag === 'Left') throw new Error(JSON.stringify(either.left))
  return either.right
}
