/**
 * What a replica answers later, for a simulator that asks at once: a run that meets an answer
 * still to come is given up, and begun anew when it has come. Each call is made once, and is
 * answered from memory when the run comes by again.
 */

type Answer = { readonly value: unknown } | { readonly error: unknown }

/** A value, or a promise of it. */
export type MaybeLater<A> = A | PromiseLike<A>

/** Settles when a call has had time enough: it then counts as thrown. The signal: it answered. */
export type GiveUp = (signal: AbortSignal) => Promise<unknown>

/** Thrown out of a run: the answer that it waits for. */
export class Pending {
  readonly answer: PromiseLike<unknown>

  constructor(answer: PromiseLike<unknown>) {
    this.answer = answer
  }
}

/** Whether a value comes later: it is a promise, of whatever make. */
export const isLater = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function'

export class Answers {
  private readonly giveUp: GiveUp | undefined
  private had: Answer[] = []
  private next = 0
  private asked = ''
  /** How many runs were begun. */
  private runs = 0

  constructor(giveUp?: GiveUp) {
    this.giveUp = giveUp
  }

  /** Gives the answer to a call, by its place among all calls of a run. Throws {@link Pending}. */
  ask<A>(name: string, call: () => MaybeLater<A>): A {
    this.asked = name
    if (this.next === this.had.length) this.had.push(outcomeOf(call))
    const answer = this.had[this.next++]!
    if ('error' in answer) throw answer.error
    return answer.value as A
  }

  /** Runs what asks, again and again, until all that it asks has answered. */
  async settled<A>(run: () => A): Promise<A> {
    const had: Answer[] = []
    for (const mine = ++this.runs; ;) {
      // a run that was cut off by the time makes no more calls
      if (mine !== this.runs) return new Promise(() => undefined)
      this.had = had
      this.next = 0
      try {
        return run()
      } catch (error) {
        if (!(error instanceof Pending)) throw error
        had.push(await this.answerTo(error.answer))
      }
    }
  }

  private async answerTo(answer: PromiseLike<unknown>): Promise<Answer> {
    const [{ asked }, abandon] = [this, new AbortController()]
    const late = this.giveUp?.(abandon.signal).then(() => {
      throw new Error(`\`${asked}\` did not answer in time`)
    })
    try {
      return { value: await (late === undefined ? answer : Promise.race([answer, late])) }
    } catch (error) {
      return { error }
    } finally {
      abandon.abort()
      late?.catch(() => undefined)
    }
  }
}

const outcomeOf = (call: () => unknown): Answer => {
  let value: unknown
  try {
    value = call()
  } catch (error) {
    return { error }
  }
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- a wait, without a stack
  if (isLater(value)) throw new Pending(value)
  return { value }
}
