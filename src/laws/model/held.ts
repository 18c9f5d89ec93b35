/** What the functions of a user give, held to what they must give. */
import type * as fc from 'fast-check'
import { isLater } from '../Answers.js'
import { Misuse } from './Misuse.js'
import { isArbitrary } from './Rule.js'
import { MOST_OBJECTS, view } from './show.js'

/**
 * Throws {@link Misuse} for a promise: it would be compared with others of its kind, and not what
 * it comes to.
 */
export const notLater = <A>(name: string, value: A): A => {
  if (!isLater(value)) return value
  // nobody waits for it: an error of it must not end the process
  value.then(undefined, () => undefined)
  const who = /^[\w[\]"]+$/.test(name) ? `\`${name}\`` : name
  const remedy = `${who} must answer at once; give replicas that answer later to \`checkReplicasAsync\``
  throw new Misuse(`${who} gives a promise, which \`checkReplicasAsync\` takes`, remedy)
}

/** A function of the state. Throws {@link Misuse} for anything else. */
export const stepOf = <A>(name: string, step: A): A => {
  if (typeof notLater(name, step) === 'function') return step
  const remedy = `\`${name}\` must return a function, which is given the state: \`(…) => (state) => …\``
  throw new Misuse(`\`${name}\` gave ${view(step)}, not a function`, remedy)
}

/** Throws {@link Misuse} for a next state that is undefined, unless the one before was. */
export const nextState = <S>(name: string, before: S, after: S): S => {
  if (after !== undefined || before === undefined) return notLater(name, after)
  const remedy = `\`${name}(message, where)(state)\` must return the next state; undefined is none, null may be one`
  throw new Misuse(`\`${name}\` has returned undefined`, remedy)
}

/** Throws {@link Misuse} for what `show` gives, if that is too large to be compared. */
export const tooLarge = (show: string) => (): never => {
  const most = MOST_OBJECTS.toLocaleString('en')
  throw new Misuse(
    `\`${show}\` gave more than ${most} objects, counting one in each place where it is`,
    `\`${show}\` must return what users see, as plain data: objects may refer to others by their ids`,
  )
}

/** The arbitrary of commands, for a state. Throws {@link Misuse} if it is none. */
export const arbitraryOf = <R, C>(
  given: fc.Arbitrary<C> | ((replica: R) => fc.Arbitrary<C>),
  replica: R,
): fc.Arbitrary<C> => {
  if (typeof given !== 'function') return given
  const arbitrary = notLater('command', given(replica))
  if (isArbitrary(arbitrary)) return arbitrary
  throw new Misuse(`\`command\` gave ${view(arbitrary)}`, '`command(state)` must return a fast-check arbitrary')
}

/** A command as reports print it: what `describe` gives, if it does. */
export const described = (command: unknown, describe: () => unknown): string => {
  try {
    const text = describe()
    if (typeof text === 'string') return text
  } catch {
    // a report without it is worth more than none
  }
  return typeof command === 'function' ? 'a command' : view(command)
}

/**
 * A command for the core. Throws {@link Misuse} for a maker that gives no Either: the core would
 * take it as a refusal.
 */
export const givingEither = <C>(command: C, name: string): C => {
  if (typeof command !== 'function') return command
  const maker = command as unknown as (...asked: ReadonlyArray<unknown>) => unknown
  const held = (...asked: ReadonlyArray<unknown>): unknown => {
    const made = notLater(name, maker(...asked))
    if (isEither(made)) return made
    const remedy = `a function that \`${name}\` draws must return \`E.right(change)\`, or \`E.left(reason)\` to refuse`
    throw new Misuse(`\`${name}\` gave ${view(made)}, not \`E.right(change)\``, remedy)
  }
  return held as unknown as C
}

const isEither = (made: unknown): boolean => {
  if (typeof made !== 'object' || made === null || !('_tag' in made)) return false
  return (made._tag === 'Right' && 'right' in made) || (made._tag === 'Left' && 'left' in made)
}
