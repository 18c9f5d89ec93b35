/** Looks whether messages stay as they were told. */
import type { Altered } from '../model/Run.js'
import { view } from '../model/show.js'

type Messages = ReadonlyArray<unknown>

export class Watch {
  /** The first message that did not. */
  altered: Altered | undefined
  /** By what was told at once: who sends what is alive tells one object again and again. */
  private readonly texts = new Map<Messages, string>()

  tell(messages: Messages): void {
    this.texts.set(messages, view(messages))
  }

  /** `from` is who told the messages, `by` who has just received them. */
  look(messages: Messages, from: number, by?: number): void {
    const told = this.texts.get(messages)
    if (told === undefined || view(messages) === told) return
    this.altered ??= by === undefined ? { from } : { from, by }
  }
}
