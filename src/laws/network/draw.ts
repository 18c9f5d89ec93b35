/** Draws values from arbitraries by seed, with what fast-check needs to shrink them. */
import * as fc from 'fast-check'
import type { Local } from '../model/Schedule.js'

/** A drawn command, and what fast-check needs to shrink it. */
export interface Drawn<C> {
  /** The index of the step that drew it. */
  readonly step: number
  readonly arbitrary: fc.Arbitrary<C>
  readonly value: fc.Value<C>
}

/** One value; the same for the same seed. */
export const draw = <A>(arbitrary: fc.Arbitrary<A>, seed: number): fc.Value<A> =>
  fc.sample(new Unopened(arbitrary), { seed, numRuns: 1 })[0]!

/** The command of a step: the one written in it, or one that it draws. That is added to `drawn`. */
export const chosen = <C>(
  { command, luck }: Local<C>,
  step: number,
  arbitraryOf: () => fc.Arbitrary<C>,
  drawn: Drawn<C>[],
): C => {
  if (command !== undefined) return command.value
  const arbitrary = arbitraryOf()
  const value = draw(arbitrary, luck)
  drawn.push({ step, arbitrary, value })
  return value.value
}

/** Generates the `fc.Value` of a value, which has its shrinking context. */
class Unopened<A> extends fc.Arbitrary<fc.Value<A>> {
  private readonly arbitrary: fc.Arbitrary<A>

  constructor(arbitrary: fc.Arbitrary<A>) {
    super()
    this.arbitrary = arbitrary
  }

  override generate(random: fc.Random): fc.Value<fc.Value<A>> {
    return new fc.Value(this.arbitrary.generate(random, undefined), undefined)
  }

  override canShrinkWithoutContext(value: unknown): value is fc.Value<A> {
    return value instanceof fc.Value
  }

  override shrink(): fc.Stream<fc.Value<fc.Value<A>>> {
    return fc.Stream.nil()
  }
}
