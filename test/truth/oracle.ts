/** What every replica must keep true, judged by one who knows every update ever made. */
import type { Digest } from './model.js'
import { compare, nameOf, type Update } from './replica.js'

/** What a replica shows of itself, whatever made it. */
export interface View {
  readonly digest: Digest
  /** Everything held, read or unread. */
  readonly held: ReadonlyArray<Update>
  readonly unread: number
  readonly state: unknown
}

export const sureOf = ({ digest: { clock, floor = 0 } }: View, source: string): number =>
  Math.max(clock[source] ?? 0, floor)

export const seenOf = (view: View, source: string): number =>
  Math.max(view.digest.doubt?.[source]?.at(-1)?.[0] ?? 0, sureOf(view, source))

/** Held, or superseded key by key by updates that are held. */
export const isPresent = (update: Update, { held }: View): boolean =>
  Object.keys(update.writes).every((key) => held.some((other) => key in other.writes && compare(other, update) >= 0))

/** Present, or lapsed. */
export const isReflected = (update: Update, view: View): boolean =>
  update.ts <= (view.digest.floor ?? 0) || isPresent(update, view)

/** The updates that break invariant I: the clock covers them, and they are not reflected. */
export const uncovered = (made: ReadonlyArray<Update>, view: View): ReadonlyArray<Update> =>
  made.filter((update) => update.ts <= sureOf(view, update.source) && !isReflected(update, view))

const textOf = (value: unknown): string => JSON.stringify(value)

/** Digests that are equal, of replicas that doubt nothing and can read everything. */
const isSameVersion = (a: View, b: View): boolean =>
  a.unread + b.unread === 0 &&
  a.digest.doubt === undefined &&
  b.digest.doubt === undefined &&
  a.digest.floor === b.digest.floor &&
  textOf(a.digest.clock) === textOf(b.digest.clock)

/** Equal digests, and other states. */
export const isTorn = (a: View, b: View): boolean => isSameVersion(a, b) && textOf(a.state) !== textOf(b.state)

/** The sources of which a clock fell between two versions of a replica. */
export const fallen = (before: View, after: View): ReadonlyArray<string> =>
  [...new Set([before, after].flatMap(({ digest }) => Object.keys({ ...digest.clock, ...digest.doubt })))].filter(
    (source) => sureOf(after, source) < sureOf(before, source) || seenOf(after, source) < seenOf(before, source),
  )

/** What one replica has and another lacks. */
export const missing = (made: ReadonlyArray<Update>, from: View, at: View): ReadonlyArray<string> =>
  made.filter((update) => isPresent(update, from) && !isReflected(update, at)).map(nameOf)
