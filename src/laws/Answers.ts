/**
 * What a replica answers later, for a simulator that asks at once: a run that meets an answer
 * still to come is given up, and begun anew when it has come. Each call is made once, and is
 * answered from memory when the run comes by again.
 */

type Answer = { readonly value: unknown } | { readonly error: unknown }

/** Answers when a call has had time enough: it then counts as thrown. */
export type GiveUp = () => Promise<unknown>

/** Thrown out of a run: the answer that it waits for. */
export class Pending {
  readonly answer: Promise<unknown>

  constructor(answer: Promise<unknown>) {
    this.answer = answer
  }
}

export class Answers {
  private readonly giveUp: GiveUp | undefined
  private had: Answer[] = []
  private next = 0

  constructor(giveUp?: GiveUp) {
    this.giveUp = giveUp
  }

  /** Gives the answer to a call, by its place among all calls of a run. Throws {@link Pending}. */
  ask<A>(call: () => A | Promise<A>): A {
    if (this.next === this.had.length) this.had.push(atOnce(call))
    const answer = this.had[this.next++]!
    if ('error' in answer) throw answer.error
    return answer.value as A
  }

  /** Runs what asks, again and again, until all that it asks has answered. */
  async settled<A>(run: () => A): Promise<A> {
    this.had = []
    for (;;) {
      this.next = 0
      try {
        return run()
      } catch (error) {
        if (!(error instanceof Pending)) throw error
        this.had.push(await this.answerTo(error.answer))
      }
    }
  }

  private async answerTo(answer: Promise<unknown>): Promise<Answer> {
    const late = this.giveUp?.().then(() => {
      throw new Error('it did not answer')
    })
    try {
      return { value: await (late === undefined ? answer : Promise.race([answer, late])) }
    } catch (error) {
      return { error }
    } finally {
      // an answer was there first
      late?.catch(() => undefined)
    }
  }
}

const atOnce = (call: () => unknown): Answer => {
  let value: unknown
  try {
    value = call()
  } catch (error) {
    return { error }
  }
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- a wait, without a stack
  if (value instanceof Promise) throw new Pending(value)
  return { value }
}
