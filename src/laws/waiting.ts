/**
 * Code that is written once, for answers that are there at once and for those that come later. It
 * is a generator that yields whatever it must have before it goes on.
 */

/** A computation that waits on its way, if it must. */
export type Waiting<A> = Generator<unknown, A, unknown>

/** The value, or what the promise of it comes to. */
export function* answerOf<A>(given: A | Promise<A>): Waiting<A> {
  return (yield given) as A
}

/** Runs a computation of which nothing comes later. */
export const atOnce = <A>(waiting: Waiting<A>): A => {
  let step = waiting.next()
  while (step.done !== true) step = waiting.next(step.value)
  return step.value
}

/** Runs a computation, and awaits what comes later. A rejection is thrown where it was awaited. */
export const inTime = async <A>(waiting: Waiting<A>): Promise<A> => {
  let step = waiting.next()
  while (step.done !== true) {
    const [answer] = await Promise.allSettled([step.value])
    step = answer.status === 'fulfilled' ? waiting.next(answer.value) : waiting.throw(answer.reason)
  }
  return step.value
}
