/** Looks whether messages stay as they were told. */
import type { Altered } from '../model/Run.js'
import { view } from '../model/show.js'

export class Watch<M> {
  /** The first message that did not. */
  altered: Altered | undefined
  private readonly texts = new Map<M, string>()

  tell(message: M): void {
    this.texts.set(message, view(message))
  }

  /** `from` is who told the message, `by` who has just received it. */
  look(message: M, from: number, by?: number): void {
    const told = this.texts.get(message)
    if (told === undefined || view(message) === told) return
    this.altered ??= by === undefined ? { from } : { from, by }
  }
}
