/** Thrown where a function of the user breaks its contract. */

/** Its message says what the function has done, and `remedy` what it must do. */
export class Misuse extends TypeError {
  readonly remedy: string

  constructor(why: string, remedy: string, cause?: unknown) {
    super(why, cause === undefined ? {} : { cause })
    this.name = 'Misuse'
    this.remedy = remedy
  }
}

/** What a report says of it. The stack is that of the user's error, if there was one. */
export const toldOf = ({ message, remedy, cause }: Misuse) => ({ why: message, remedy, cause })
