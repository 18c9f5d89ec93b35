/** What the kit throws out of a function of the user's that breaks its contract. */

/** Its message says what the function has done, and `remedy` what it must do. */
export class Misuse extends TypeError {
  readonly remedy: string

  constructor(why: string, remedy: string, cause?: unknown) {
    super(why, cause === undefined ? {} : { cause })
    this.name = 'Misuse'
    this.remedy = remedy
  }
}
