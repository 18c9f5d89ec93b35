/** What options take: a rule for each name. */
import { view } from './show.js'

/** Throws for a value that an option does not take. `place` says which option of what. */
export type Rule = (value: unknown, place: Place) => void

interface Place {
  /** Such as `exhaustive.updates`. */
  readonly path: string
  /** The function that was called. */
  readonly of: string
}

/** A rule for each member of an options type, of each of its forms. */
export type Rules<T> = Readonly<Record<NameOf<T>, Rule>>

type NameOf<T> = T extends unknown ? keyof T & string : never

/**
 * Throws a TypeError for a name that has no rule and for one of the `needed` that is missing, and
 * what its rule throws for any value. A member that is undefined counts as absent.
 */
export const expectOptions = <N extends string>(
  of: string,
  given: unknown,
  rules: Readonly<Record<N, Rule>>,
  needed: ReadonlyArray<NoInfer<N>> = [],
): void => {
  record(rules, needed)(given, { path: '', of })
}

/** An object whose members have rules. */
export const record =
  <N extends string>(rules: Readonly<Record<N, Rule>>, needed: ReadonlyArray<NoInfer<N>> = []): Rule =>
  (value, { path, of }) => {
    const whole = path === '' ? of : `\`${path}\` of ${of}`
    if (!isObject(value)) throw new TypeError(`${whole} takes an object of options, not ${shown(value)}`)
    const names = Object.keys(rules)
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined) continue
      if (!names.includes(name)) throw new TypeError(`${whole} has no option \`${name}\`: ${known(name, names)}`)
      rules[name as N](member, { path: path === '' ? name : `${path}.${name}`, of })
    }
    const has = (name: N): boolean =>
      (value as Readonly<Record<string, unknown>>)[name] !== undefined || (rules[name] === anything && name in value)
    const missing = needed.find((name) => !has(name))
    if (missing !== undefined) throw new TypeError(`${whole} needs \`${missing}\``)
  }

/** An object whose members, whatever their names, have one rule. */
export const everyMember =
  (rule: Rule): Rule =>
  (value, { path, of }) => {
    if (!isObject(value)) throw new TypeError(told(value, { path, of }, 'an object'))
    for (const [name, member] of Object.entries(value)) rule(member, { path: `${path}.${name}`, of })
  }

/** An array whose members have one rule. */
export const list =
  (rule: Rule, least = 0): Rule =>
  (value, { path, of }) => {
    if (!Array.isArray(value) || value.length < least) {
      throw new TypeError(told(value, { path, of }, least === 0 ? 'an array' : 'an array that is not empty'))
    }
    for (const [i, member] of value.entries()) rule(member, { path: `${path}[${String(i)}]`, of })
  }

/** A value of a type. */
export const aValue =
  (says: string, holds: (value: unknown) => boolean): Rule =>
  (value, place) => {
    if (!holds(value)) throw new TypeError(told(value, place, says))
  }

export const anything: Rule = () => undefined
export const aFunction = aValue('a function', (value) => typeof value === 'function')
export const aText = aValue('a text', (value) => typeof value === 'string')
export const aFlag = aValue('true or false', (value) => typeof value === 'boolean')
export const anArbitrary = aValue('a fast-check arbitrary', (value) => isArbitrary(value))

/** The rules of all options but some. */
export const withoutRules = <N extends string, K extends N>(
  rules: Readonly<Record<N, Rule>>,
  ...names: ReadonlyArray<K>
): Readonly<Record<Exclude<N, K>, Rule>> =>
  Object.fromEntries(Object.entries<Rule>(rules).filter(([name]) => !names.includes(name as K))) as Readonly<
    Record<Exclude<N, K>, Rule>
  >

/** Whether a value can be drawn from. Duck-typed: there may be two copies of fast-check. */
export const isArbitrary = (value: unknown): boolean =>
  isObject(value) && typeof (value as { readonly generate?: unknown }).generate === 'function'

/** A number within limits. */
export const aNumber =
  (min: number, max = Infinity): Rule =>
  (value, place) => {
    if (typeof value !== 'number' || !(value >= min && value <= max)) {
      throw new RangeError(told(value, place, `a number ${within(min, max)}`))
    }
  }

/** A whole number within limits. Infinity counts as one, if there is no limit. */
export const aWholeNumber =
  (min: number, max = Infinity): Rule =>
  (value, place) => {
    const isWhole = Number.isInteger(value) || (value === Infinity && max === Infinity)
    if (!isWhole || !((value as number) >= min && (value as number) <= max)) {
      throw new RangeError(told(value, place, `a whole number ${within(min, max)}`))
    }
  }

/** One of some names. */
export const oneOf =
  (...names: ReadonlyArray<string>): Rule =>
  (value, place) => {
    if (!names.includes(value as string)) throw new RangeError(told(value, place, quoted(names, ' or ')))
  }

/** All of the rules, in their order. */
export const both =
  (...rules: ReadonlyArray<Rule>): Rule =>
  (value, place) => {
    for (const rule of rules) rule(value, place)
  }

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

const told = (value: unknown, { path, of }: Place, says: string): string =>
  `\`${path}\` of ${of} is ${shown(value)}: it must be ${says}`

const within = (min: number, max: number): string =>
  max === Infinity ? `from ${String(min)} on` : `from ${String(min)} to ${String(max)}`

const quoted = (names: ReadonlyArray<string>, between: string): string => names.map((name) => `'${name}'`).join(between)

const MOST_SHOWN = 60

/** A value as errors print it. */
export const shown = (value: unknown): string => {
  if (typeof value === 'function') return 'a function'
  const text = view(value)
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text
}

/** The nearest name, if one is near, and all of them. */
const known = (name: string, names: ReadonlyArray<string>): string => {
  const near = names.map((one) => [likeness(name, one), one] as const).sort(([a], [b]) => b - a)[0]
  const all = names.join(', ')
  return near !== undefined && near[0] > LIKE ? `do you mean \`${near[1]}\`? It has ${all}` : `it has ${all}`
}

const LIKE = 0.7

/** From 0 to 1, for two words of the same letters in whatever order. */
const likeness = (a: string, b: string): number => {
  const rest = Array.from(b.toLowerCase())
  const shared = Array.from(a.toLowerCase()).filter((letter) => {
    const at = rest.indexOf(letter)
    if (at >= 0) rest.splice(at, 1)
    return at >= 0
  })
  return (2 * shared.length) / (a.length + b.length)
}
