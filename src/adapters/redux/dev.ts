/** What the development tools of Redux are told of a slice. */
import type { Replica } from '../../core/Replica.js'

/** The options of one check. Redux Toolkit wants an array that it may change. */
export interface PathCheck {
  readonly ignoredPaths?: (string | RegExp)[]
}

/** The options of Redux Toolkit's checks, as far as the slice adds to them. */
export interface CheckOptions {
  readonly immutableCheck?: boolean | object
  readonly serializableCheck?: boolean | object
}

/** The options with one more path that both checks pass by. */
export const ignoring =
  (path: string) =>
  (options: CheckOptions): CheckOptions => ({
    ...options,
    immutableCheck: ignoringIn(path, options.immutableCheck),
    serializableCheck: ignoringIn(path, options.serializableCheck),
  })

const ignoringIn = (path: string, check: boolean | object = true): false | PathCheck => {
  if (check === false) return false
  const { ignoredPaths = [], ...rest }: PathCheck = check === true ? {} : check
  return { ...rest, ignoredPaths: [...ignoredPaths, path] }
}

type Members = Readonly<Record<string, unknown>>

/** The state of Redux with a replica shown as JSON. Each version is made into JSON once. */
export const sanitizer = (path: string, show: (state: never) => unknown) => {
  const shown = new WeakMap<object, unknown>()
  const shownAt = (value: unknown, [key, ...rest]: ReadonlyArray<string>): unknown => {
    if (typeof value !== 'object' || value === null) return value
    if (key !== undefined) return { ...value, [key]: shownAt((value as Members)[key], rest) }
    const { id, state } = value as Replica<never, unknown>
    if (!shown.has(value)) shown.set(value, { id, state: show(state) })
    return shown.get(value)
  }
  return <State>(state: State): State => shownAt(state, path.split('.')) as State
}
