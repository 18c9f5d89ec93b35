/** Holds an `apply` to its contract. */
import type { Applied, DataType } from '../../core/DataType.js'
import { Misuse } from '../model/Misuse.js'
import { view } from '../model/show.js'
import type { Updates } from '../model/updates.js'

/**
 * A data type whose `apply` throws {@link Misuse} if it breaks its contract: it returns no
 * `{ state, superseded }`, changes its list of updates, or throws for an empty one. O(updates) more
 * a call.
 */
export const keepingContract = <S, C>(dataType: DataType<S, C>): DataType<S, C> => ({
  ...dataType,
  apply: (updates) => (state) => {
    const given = [...updates]
    const applied = resultOf(dataType, given, state)
    if (!isApplied(applied)) {
      const remedy = '`apply(updates)(state)` must return `{ state, superseded }`: the next state, and a list'
      throw new Misuse(`\`apply\` has returned ${view(applied)}`, remedy)
    }
    if (given.length !== updates.length || given.some((update, i) => update !== updates[i])) {
      const remedy = '`apply` must leave its list as it is: sort or shorten a copy, `[...updates]`'
      throw new Misuse('`apply` has changed the list of updates that it was given', remedy)
    }
    return applied
  },
})

const resultOf = <S, C>({ apply }: DataType<S, C>, updates: Updates<C>, state: S): Applied<S, C> => {
  try {
    return apply(updates)(state)
  } catch (error) {
    if (updates.length > 0) throw error
    const remedy = '`apply([])` must return the state that it is given, and nothing as `superseded`'
    throw new Misuse(`\`apply([])\` threw ${String(error)}`, remedy, error)
  }
}

const isApplied = (applied: unknown): boolean =>
  typeof applied === 'object' &&
  applied !== null &&
  'state' in applied &&
  'superseded' in applied &&
  Array.isArray(applied.superseded)
