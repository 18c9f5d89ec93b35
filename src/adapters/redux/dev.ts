/** What the development tools of Redux are told of a slice. */
import type { DataType } from '../../core/DataType.js'
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
  (options: CheckOptions = {}): CheckOptions => ({
    ...options,
    immutableCheck: ignoringIn(path, options.immutableCheck),
    serializableCheck: ignoringIn(path, options.serializableCheck),
  })

const ignoringIn = (path: string, check: boolean | PathCheck = true): false | PathCheck =>
  check && { ...(check as PathCheck), ignoredPaths: [...((check as PathCheck).ignoredPaths ?? []), path] }

/** The state of Redux with a replica shown as JSON. */
export const sanitizer =
  <S>(path: string, { toJSON = (state) => state }: Pick<DataType<S, unknown>, 'toJSON'>) =>
  <State>(state: State): State => {
    const replica = (state as Readonly<Record<string, Replica<S, unknown> | undefined>>)[path]
    return replica ? { ...state, [path]: toJSON(replica.state) } : state
  }
