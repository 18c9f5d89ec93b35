/**
 * Mutants of a data type: the type with one fault each, of those that types usually have. A check
 * that lets one pass would let such a fault in the type itself pass.
 *
 * Source: DeMillo, Lipton and Sayward, "Hints on Test Data Selection" (IEEE Computer 1978).
 */
import * as t from 'io-ts'
import type { Applied, DataType } from '../../core/DataType.js'
import * as Json from '../../core/Json.js'
import type { Update } from '../../core/Update.js'
import { copyOf, overwrite } from '../model/inPlace.js'
import { hashOf } from '../model/hash.js'
import { sameValue } from '../model/show.js'
import type { Updates } from '../model/updates.js'

export type MutantName =
  | 'losesUpdates'
  | 'losesLate'
  | 'losesInBatch'
  | 'losesByChance'
  | 'appliesTwice'
  | 'ignoresTimestamps'
  | 'ignoresSources'
  | 'lastToArrive'
  | 'ignoresField'
  | 'writesInPlace'
  | 'copiesAlways'
  | 'supersedesAll'
  | 'supersedesLess'
  | 'encodesLess'
  | 'ownDoesNothing'
  | 'diffsNothing'

export interface Mutant<S, C> {
  readonly name: MutantName
  /** The fault, in a sentence. */
  readonly says: string
  /** What usually kills it. */
  readonly killedBy: string
  readonly dataType: DataType<S, C>
  /** Whether a call has given anything else than the type itself so far. */
  readonly hasDiffered: () => boolean
}

type Apply<S, C> = DataType<S, C>['apply']
type Faulty<S, C> = readonly [DataType<S, C>, hasDiffered: () => boolean]
type Fault = <S, C>(dataType: DataType<S, C>) => Faulty<S, C> | undefined

/**
 * The mutants that a type can have: one without `own`, say, has none that breaks `own`. Some may be
 * no fault in it: a map that keeps the newest may apply each update twice. These never differ.
 */
export const mutantsOf = <S, C>(dataType: DataType<S, C>): ReadonlyArray<Mutant<S, C>> =>
  MUTANT_NAMES.flatMap((name) => {
    const [says, killedBy, fault] = FAULTS[name]
    const faulty = fault(dataType)
    return faulty === undefined ? [] : [{ name, says, killedBy, dataType: faulty[0], hasDiffered: faulty[1] }]
  })

/** A fault of `apply`. `own` goes: local updates meet the fault, too. */
const ofApply =
  (fault: <S, C>(apply: Apply<S, C>, dataType: DataType<S, C>) => Apply<S, C>): Fault =>
  (dataType) => {
    const rest = Object.fromEntries(Object.entries(dataType).filter(([key]) => key !== 'own')) as typeof dataType
    const faulty = fault(dataType.apply, dataType)
    let hasDiffered = false
    const apply: typeof faulty = (updates) => (state) => {
      if (hasDiffered) return faulty(updates)(state)
      // before the fault, which may write into the state
      const right = dataType.apply(updates)(state)
      const wrong = faulty(updates)(state)
      hasDiffered = differ(right, wrong, state)
      return wrong
    }
    return [{ ...rest, apply }, () => hasDiffered]
  }

const differ = <S, C>(right: Applied<S, C>, wrong: Applied<S, C>, before: S): boolean =>
  (right.state === before) !== (wrong.state === before) ||
  !sameValue(right.superseded, wrong.superseded) ||
  !sameValue(right.state, wrong.state)

/** Applies some of the updates. `keeps` may be asked for each in its place. */
const losing = (keeps: <C>(update: Update<C>, i: number, all: Updates<C>) => boolean): Fault =>
  ofApply((apply) => (updates) => (state) => {
    const kept = updates.filter(keeps)
    return kept.length === 0 ? { state, superseded: [] } : apply(kept)(state)
  })

/** The type sees other updates. What it names as superseded is named by the true ones. */
const seeing = (changed: <C>(update: Update<C>, change: DataType<unknown, C>['change']) => Update<C>): Fault =>
  ofApply(<S, C>(apply: Apply<S, C>, dataType: DataType<S, C>): Apply<S, C> => {
    const originals = new WeakMap<Update<C>, Update<C>>()
    return (updates) => (state) => {
      const seen = updates.map((update) => {
        const other = changed(update, dataType.change)
        originals.set(other, update)
        return other
      })
      const { state: next, superseded } = apply(seen)(state)
      return { state: next, superseded: superseded.map((update) => originals.get(update) ?? update) }
    }
  })

const losesLate = ofApply(<S, C>(apply: Apply<S, C>): Apply<S, C> => {
  const newest = new WeakMap<object, number>()
  return (updates) => (state) => {
    const seen = typeof state === 'object' && state !== null ? (newest.get(state) ?? 0) : 0
    const kept = updates.filter(([, at]) => at >= seen)
    if (kept.length === 0) return { state, superseded: [] }
    const applied = apply(kept)(state)
    if (applied.state !== state && typeof applied.state === 'object' && applied.state !== null)
      newest.set(applied.state, Math.max(seen, ...kept.map(([, at]) => at)))
    return applied
  }
})

/** A change with an empty value in place of its last member, if the codec takes that. */
const lessOf = <C>(change: t.Type<C, unknown, unknown>, made: C): C => {
  const json: unknown = change.encode(made)
  if (typeof json !== 'object' || json === null) return made
  const members: [string, unknown][] = Object.entries(json)
  const last = members.pop()
  if (last === undefined) return made
  // not a copy of the properties, which may be frozen
  members.push([last[0], EMPTY[kindOf(last[1])]])
  const less: unknown = Array.isArray(json) ? members.map(([, member]) => member) : Object.fromEntries(members)
  const decoded = change.decode(less)
  return decoded._tag === 'Right' ? decoded.right : made
}

type Kind = 'number' | 'string' | 'boolean' | 'array' | 'object' | 'null'

const EMPTY: Readonly<Record<Kind, unknown>> = {
  number: 0,
  string: '',
  boolean: false,
  array: [],
  object: {},
  null: null,
}

const kindOf = (json: unknown): Kind => (json === null ? 'null' : Array.isArray(json) ? 'array' : (typeof json as Kind))

const ignoresField = seeing(([made, at, source], change) => [lessOf(change, made), at, source])

const writesInPlace = ofApply(
  <S, C>(apply: Apply<S, C>, { empty }: DataType<S, C>): Apply<S, C> =>
    (updates) =>
    (state) => {
      const applied = apply(updates)(state)
      const { state: next } = applied
      // what all replicas begin with is left whole
      if (next === state || state === empty || next === empty || Object.isFrozen(state)) return applied
      if (typeof state !== 'object' || state === null || typeof next !== 'object' || next === null) return applied
      overwrite(state, next)
      return { ...applied, state }
    },
)

const copiesAlways = ofApply((apply) => (updates) => (state) => {
  const applied = apply(updates)(state)
  return applied.state === state ? { ...applied, state: copyOf(state) ?? state } : applied
})

const encodesLess: Fault = <S, C>(dataType: DataType<S, C>): Faulty<S, C> => {
  let hasDiffered = false
  const { name, is, validate, encode } = dataType.change
  const encodeLess = (made: C): unknown => {
    const [right, wrong] = [encode(made), encode(lessOf(dataType.change, made))]
    hasDiffered ||= !Json.equals(right, wrong)
    return wrong
  }
  return [{ ...dataType, change: new t.Type<C, unknown, unknown>(name, is, validate, encodeLess) }, () => hasDiffered]
}

/** `own` or `diff` that gives nothing. Undefined for a type without it. */
const deaf =
  <K extends 'own' | 'diff'>(key: K, nothing: NonNullable<DataType<never, never>[K]>): Fault =>
  (dataType) => {
    if (dataType[key] === undefined) return undefined
    let hasDiffered = false
    const asked = (...given: never) => {
      hasDiffered = true
      return (nothing as (...given: never) => unknown)(...given)
    }
    return [{ ...dataType, [key]: asked }, () => hasDiffered]
  }

const FAULTS: Readonly<Record<MutantName, readonly [says: string, killedBy: string, fault: Fault]>> = {
  losesUpdates: [
    'one update of three has no effect, on any replica',
    'an `oracle`: replicas that lose the same agree',
    losing(([change, at, source]) => hashOf(JSON.stringify([change, at, source])) % 3 !== 0),
  ],
  losesLate: ['an update that is older than the newest has no effect', 'convergence', losesLate],
  losesInBatch: ['only the last update of a batch has an effect', 'batch', losing((_, i, all) => i === all.length - 1)],
  losesByChance: [
    'now and then an update has no effect',
    'determinism',
    (dataType) => {
      let calls = 0
      return losing(() => ++calls % 3 !== 0)(dataType)
    },
  ],
  appliesTwice: [
    'each update is applied twice',
    'an `oracle`: replicas that count twice agree',
    ofApply((apply) => (updates) => (state) => {
      const once = apply(updates)(state)
      const twice = apply(updates)(once.state)
      return { state: twice.state, superseded: once.superseded }
    }),
  ],
  ignoresTimestamps: [
    'the source alone decides between two updates',
    'an `oracle`: replicas agree on the wrong winner',
    seeing(([change, , source]) => [change, 1, source]),
  ],
  ignoresSources: [
    'equal timestamps are not told apart by the source',
    'convergence: commands on few keys, so that writes meet',
    seeing(([change, at]) => [change, at, '']),
  ],
  lastToArrive: [
    'neither timestamp nor source decides, but what came first or last',
    'convergence: commands on few keys, so that writes meet',
    seeing(([change]) => [change, 1, '']),
  ],
  ignoresField: ['the last member of a change is taken as empty', 'an `oracle`', ignoresField],
  writesInPlace: ['an older state becomes the newer one', 'versions', writesInPlace],
  copiesAlways: ['an update without effect gives a copy of the state', 'identity', copiesAlways],
  supersedesAll: [
    'every update counts as superseded',
    'superseded, certainty',
    ofApply((apply) => (updates) => (state) => ({ ...apply(updates)(state), superseded: updates })),
  ],
  supersedesLess: [
    'a batch supersedes nothing, single updates do',
    'batch',
    ofApply((apply) => (updates) => (state) => {
      const applied = apply(updates)(state)
      return updates.length > 1 ? { ...applied, superseded: [] } : applied
    }),
  ],
  encodesLess: ['the codec writes the last member of a change as empty', 'codec', encodesLess],
  ownDoesNothing: ['`own` has no effect', 'own', deaf('own', () => (state) => ({ state, superseded: [] }))],
  diffsNothing: ['`diff` gives no patch', 'diff', deaf('diff', () => () => [])],
}

export const MUTANT_NAMES = Object.keys(FAULTS) as ReadonlyArray<MutantName>
