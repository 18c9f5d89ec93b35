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

/** The state of Redux with a replica shown as JSON. Each version is made into JSON once. */
export const sanitizer = (path: string, show: (state: never) => unknown) => {
  const shown = new WeakMap<object, unknown>()
  return <State>(state: State): State => {
    const replica = (state as Readonly<Record<string, Replica<never, unknown> | undefined>>)[path]
    if (replica === undefined) return state
    if (!shown.has(replica)) shown.set(replica, { id: replica.id, state: show(replica.state) })
    return { ...state, [path]: shown.get(replica) }
  }
}
