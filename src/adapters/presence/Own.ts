/** What a peer says of itself, as a value. */
import type { Said } from './Said.js'

export interface Own {
  readonly id: string
  readonly count: number
  /** Null for none. */
  readonly value: unknown
  /** When it was last told, in ms. */
  readonly toldAt: number
}

/** A value is told again so many times a timeout, or a little less often. */
const BEATS = 4

export const open = (id: string): Own => ({ id, count: 0, value: null, toldAt: 0 })

/** Says a value, null for leaving. A later life under an id goes on above what peers remember. */
export const say =
  (value: unknown, now: number) =>
  (own: Own): Own => ({ ...own, count: Math.max(own.count + 1, Math.floor(now)), value, toldAt: now })

export const said = ({ id, count, value }: Own): Said => [id, count, value, 0]

/** Whether it is time to say the value again. */
export const isDue =
  (now: number, timeout: number) =>
  ({ value, toldAt }: Own): boolean =>
    value !== null && Math.abs(now - toldAt) >= timeout / BEATS

/** Goes on above what somebody remembers of us, such as from an earlier life. Says nothing. */
export const hear =
  ([, count, value]: Said) =>
  (own: Own): Own =>
    count < own.count || (count === own.count && value !== null) ? own : { ...own, count }
