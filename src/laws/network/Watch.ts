/** Finds the first message that does not stay as it was told. */
import type { Altered } from '../model/Run.js'
import { view } from '../model/show.js'
import type { Subject } from '../model/Subject.js'

export class Watch<M> {
  /** Undefined while all have stayed. */
  altered: Altered | undefined
  private readonly viewOf: (message: M) => string

  constructor({ viewOfMessage = view }: Pick<Subject<never, never, M>, 'viewOfMessage'>) {
    this.viewOf = viewOfMessage
  }

  textOf(messages: ReadonlyArray<M>): string {
    return messages.map(this.viewOf).join()
  }

  /** `told` is their text as `from` told them; `by` has just received them. */
  look(told: string, messages: ReadonlyArray<M>, from: number, by?: number): void {
    if (this.altered !== undefined || this.textOf(messages) === told) return
    this.altered = by === undefined ? { from } : { from, by }
  }
}
