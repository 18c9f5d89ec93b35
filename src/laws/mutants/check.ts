/** Runs a check over the mutants of a data type: which does it kill? */
import type { DataType } from '../../core/DataType.js'
import { checkedBy, type DataTypeCheck } from '../checkDataType.js'
import type { LawName } from '../model/Law.js'
import { expectDataType } from '../model/expectSubject.js'
import { aText, expectOptions } from '../model/Rule.js'
import { MUTANT_NAMES, mutantsOf, type Mutant, type MutantName } from './Mutant.js'

/** How a mutant fared. */
export interface Tried extends Pick<Mutant<never, never>, 'name' | 'says' | 'killedBy'> {
  /**
   * - `killed`: the check found a broken law.
   * - `survived`: it gave other states than the type, and the check did not see it.
   * - `idle`: it gave the same as the type in every call. The fault is none in this type, or the
   *   commands never bring it about.
   */
  readonly outcome: 'killed' | 'survived' | 'idle'
  /** The law that it broke. */
  readonly law?: LawName
}

/**
 * Runs your check of a data type on each of its mutants. A mutant that is killed costs a few runs;
 * one that is not costs the whole check.
 *
 * @example
 * import * as fc from 'fast-check'
 * import * as t from 'io-ts'
 * const change = fc.tuple(fc.constantFrom('x', 'y'), fc.nat(3))
 * const tried = checkMutants(Model.of(t.number), { change, seed: 1, runs: 200 })
 * const surviving = tried.filter(({ outcome }) => outcome === 'survived').map(({ name }) => name)
 * // without an oracle: nobody says which write must win
 * surviving.includes('losesUpdates') // => true
 */
export const checkMutants = <S, C>(dataType: DataType<S, C>, options: DataTypeCheck<S, C>): ReadonlyArray<Tried> => {
  expectDataType('checkMutants', dataType)
  return mutantsOf(dataType).map(({ name, says, killedBy, dataType: mutant, hasDiffered }) => {
    const checked = checkedBy('checkMutants', mutant, { ...options, shrinkTime: 0, stop: 'first' })
    const about = { name, says, killedBy }
    if (checked._tag === 'Left') return { ...about, outcome: 'killed', law: checked.left.law.name }
    return { ...about, outcome: hasDiffered() ? 'survived' : 'idle' }
  })
}

/** Why mutants may survive, by name. */
export type Survivors = Readonly<Partial<Record<MutantName, string>>>

/**
 * {@link checkMutants} for a test: does your check bite? Throws an Error that lists the mutants
 * that survive and are not among the `survivors`, and those of the `survivors` that do not.
 *
 * @example
 * import * as fc from 'fast-check'
 * import * as t from 'io-ts'
 * const change = fc.tuple(fc.constantFrom('x', 'y'), fc.nat(3))
 * const oracle = (updates) => Object.fromEntries(updates.map(([change]) => change))
 * assertMutants(Model.of(t.number), { change, oracle, seed: 1, runs: 200 })
 */
export const assertMutants = <S, C>(
  dataType: DataType<S, C>,
  { survivors = {}, ...options }: DataTypeCheck<S, C> & { readonly survivors?: Survivors },
): void => {
  expectOptions('survivors of assertMutants', survivors, SURVIVORS)
  const tried = checkMutants(dataType, options as DataTypeCheck<S, C>)
  const lines = tried.flatMap(({ name, says, killedBy, outcome, law = '' }) => {
    const isExpected = survivors[name] !== undefined
    if (isExpected === (outcome === 'survived')) return []
    return isExpected
      ? [`${name} does not survive: ${outcome === 'idle' ? IDLE : `it is killed by ${law}`}`]
      : [`${name} survives: ${says}. What usually kills it: ${killedBy}`]
  })
  if (lines.length > 0) throw new Error([`Mutants of ${dataType.name}:`, ...lines].join('\n  '))
}

const IDLE = 'it is idle: it did what the type does in every call, so this type or these commands cannot show it'

/** A reason for each. */
const SURVIVORS = Object.fromEntries(MUTANT_NAMES.map((name) => [name, aText]))
