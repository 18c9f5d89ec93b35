/** Values drawn from arbitraries by number, with what it takes to make them smaller. */
import * as fc from 'fast-check'

/** A command as it was drawn, with what fast-check needs to make it smaller. */
export interface Drawn<C> {
  readonly step: number
  readonly arbitrary: fc.Arbitrary<C>
  readonly value: fc.Value<C>
}

/** What a seed draws from an arbitrary. The same, for the same. */
export const draw = <A>(arbitrary: fc.Arbitrary<A>, luck: number): fc.Value<A> =>
  fc.sample(new Unopened(arbitrary), { seed: luck, numRuns: 1 })[0]!

/** Gives values with what they need to shrink. */
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
