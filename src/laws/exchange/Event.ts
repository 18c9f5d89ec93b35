/** An event at a device. What it shows is worked out when it is asked for. */
import type { RunEvent } from '../model/Run.js'
import type { Subject } from '../model/Subject.js'

type Place<R> = Pick<RunEvent<R>, 'step' | 'at'> & Partial<Pick<RunEvent<R>, 'from' | 'sentAt' | 'operation'>>

export class Event<R> implements RunEvent<R> {
  readonly _tag: RunEvent<R>['_tag']
  readonly text: string
  readonly before: R
  readonly after: R
  readonly step: number
  readonly at: number
  declare readonly from?: number
  declare readonly sentAt?: number
  declare readonly operation?: number
  readonly remembered = undefined
  readonly knows = 0n
  private readonly viewOf: (replica: R) => string

  constructor(
    { view }: Pick<Subject<R, never, never>, 'view'>,
    tag: RunEvent<R>['_tag'],
    text: string,
    before: R,
    after: R,
    place: Place<R>,
  ) {
    this.viewOf = view
    this._tag = tag
    this.text = text
    this.before = before
    this.after = after
    this.step = place.step
    this.at = place.at
    Object.assign(this, place)
  }

  get was(): string {
    return this.viewOf(this.before)
  }

  get view(): string {
    return this.viewOf(this.after)
  }
}
