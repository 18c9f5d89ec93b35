/** What changed between two versions of any data type. */
import type { DataType } from './DataType.js'
import { between, type Patch } from './Patch.js'
import type { Replica } from './Replica.js'

/** The type's own `diff`; without one, a patch of the whole state as JSON. */
export const ofStates =
  <S>({ diff, toJSON = (state) => state }: Pick<DataType<S, unknown>, 'diff' | 'toJSON'>) =>
  (before: S) =>
  (after: S): ReadonlyArray<Patch> => {
    if (before === after) return []
    return diff === undefined ? between([], toJSON(before), toJSON(after)) : diff(before)(after)
  }

/** {@link ofStates}, with what the JSON does not show. */
export const ofStatesInFull = <S>(dataType: Pick<DataType<S, unknown>, 'diff' | 'fullDiff' | 'toJSON'>) =>
  ofStates<S>(dataType.fullDiff ? { diff: dataType.fullDiff } : dataType)

/** {@link ofStates} for two replicas. */
export const diff =
  <S, C>(dataType: DataType<S, C>) =>
  (before: Replica<S, C>) =>
  (after: Replica<S, C>): ReadonlyArray<Patch> =>
    ofStates(dataType)(before.state)(after.state)

/** Whether a patch can be made one's own edit. Parts of a bucket, and options, differ in it. */
export const hasWayBack =
  <S, C>({ patch }: DataType<S, C>) =>
  (one: Patch): boolean =>
    !!patch?.([one]).length
