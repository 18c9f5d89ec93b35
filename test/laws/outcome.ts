/** The two outcomes of a check: a test that expects one fails with the other. */
import type { either as E } from 'fp-ts'
import type { Counterexample, Coverage } from '../../src/laws/index.js'

type Checked = E.Either<Counterexample, Coverage>

export const found = (checked: Checked): Counterexample => {
  if (checked._tag === 'Right') throw new Error('nothing was found')
  return checked.left
}

export const covered = (checked: Checked): Coverage => {
  if (checked._tag === 'Left') throw new Error(checked.left.format())
  return checked.right
}
