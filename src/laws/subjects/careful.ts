/** A data type whose `apply` is watched: a breach of its contract is told as what it is. */
import type { Applied, DataType } from '../../core/DataType.js'
import { Misuse } from '../model/Misuse.js'
import { view } from '../model/show.js'
import type { Updates } from '../model/updates.js'

/** Its `apply` throws {@link Misuse} where the type's returns no state or writes into its list. */
export const careful = <S, C>(dataType: DataType<S, C>): DataType<S, C> => ({
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
  Array.isArray((applied as { readonly superseded?: unknown }).superseded)
