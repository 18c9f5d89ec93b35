/** Why commands were refused: an example of each kind. */
import type { Simulated } from './network/simulate.js'
import type { Remedied } from './model/Violation.js'
import type { Subject } from './model/Subject.js'

/** A command that a replica refused. */
export interface Refused {
  /** The command, as reports print it. */
  readonly command: string
  readonly why: string
}

/** What is remembered of refusals: an example of each of some kinds. */
export class Refusals<R, C, M> {
  private readonly byKind = new Map<string, Refused & Pick<Remedied, 'remedy'>>()
  private asked = 0

  /** Asks again what was refused, at most a hundred times. */
  add({ subject, events, drawn, schedule, ids }: Simulated<R, C, M>): void {
    for (const { _tag, at, before, step, text } of events) {
      if (this.asked === MOST_ASKED) return
      if (_tag !== 'refused') continue
      const local = schedule.steps[step]
      if (local?._tag !== 'local') continue
      const given = local.command ?? drawn.find((one) => one.step === step)?.value
      if (given === undefined) continue
      this.asked++
      const reason = whyOf(subject, given.value, { id: ids[at]!, now: local.now }, before)
      if (reason === undefined) continue
      const { why, remedy, kind = why } = reason
      if (this.byKind.size < MOST_KINDS && !this.byKind.has(kind)) this.byKind.set(kind, { command: text, why, remedy })
    }
  }

  examples(): ReadonlyArray<Refused> {
    return [...this.byKind.values()].map(({ command, why }) => ({ command, why }))
  }

  /** The first that was met. */
  get first(): Pick<Remedied, 'why' | 'remedy'> | undefined {
    return this.byKind.values().next().value
  }
}

const MOST_ASKED = 100
const MOST_KINDS = 5

/** A command that throws when it is asked again has no reason. */
const whyOf = <R, C, M>(
  { whyRefused }: Subject<R, C, M>,
  ...[command, where, before]: readonly [C, { readonly id: string; readonly now: number }, R]
): ReturnType<ReturnType<NonNullable<typeof whyRefused>>> => {
  try {
    return whyRefused?.(command, where)(before)
  } catch {
    return undefined
  }
}
