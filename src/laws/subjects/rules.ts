/** What the makers of subjects take. */
import { aDelivery } from '../Options.js'
import {
  aFlag,
  aFunction,
  anArbitrary,
  anything,
  aText,
  aValue,
  both,
  everyMember,
  isArbitrary,
  list,
  record,
  type Rule,
  type Rules,
} from '../model/Rule.js'
import type { Quality } from '../model/Subject.js'
import type { DataTypeOptions, Source } from './dataType.js'
import type { Common, Deltas, Opaque, Operations, States } from './forms.js'

const QUALITY: Rules<Quality<never, never, never>> = {
  name: aText,
  afterLocal: aFunction,
  atEnd: aFunction,
  remedy: aText,
  ofOne: aFlag,
}

const asksSomething = aValue('a quality that has `afterLocal` or `atEnd`', (quality) => {
  const { afterLocal, atEnd } = quality as Partial<Quality<never, never, never>>
  return afterLocal !== undefined || atEnd !== undefined
})

const qualities = list(both(record(QUALITY, ['name']), asksSomething))

const aCommand: Rule = aValue(
  'a fast-check arbitrary, or a function that gives one',
  (command) => typeof command === 'function' || isArbitrary(command),
)

const COMMON: Rules<Common<never, never, never>> = {
  name: aText,
  command: aCommand,
  equals: aFunction,
  show: aFunction,
  oracle: aFunction,
  qualities,
  same: everyMember(aFunction),
  describe: aFunction,
  keysOf: aFunction,
  isDelete: aFunction,
}

/** `empty` may be undefined, and must be there. */
const IMMUTABLE = { ...COMMON, empty: anything, delivery: aDelivery }

export const OPERATIONS: Rules<Operations<never, never, never>> = {
  ...IMMUTABLE,
  prepare: aFunction,
  apply: aFunction,
}

export const STATES: Rules<States<never, never>> = { ...IMMUTABLE, mutate: aFunction, merge: aFunction }

export const DELTAS: Rules<Deltas<never, never>> = { ...IMMUTABLE, delta: aFunction, merge: aFunction }

export const OPAQUE: Rules<Opaque<never, never, never>> = {
  ...COMMON,
  create: aFunction,
  local: aFunction,
  send: aFunction,
  told: aFunction,
  receive: aFunction,
  isWhole: aFlag,
  delivery: aDelivery,
  save: aFunction,
  load: aFunction,
}

export const DATA_TYPE: Rules<Source<never, never> & DataTypeOptions<never, never>> = {
  change: anArbitrary,
  command: aCommand,
  eq: aValue('an Eq: `{ equals }`', (eq) => typeof (eq as { readonly equals?: unknown } | null)?.equals === 'function'),
  toJSON: aFunction,
  patchesOf: aFunction,
  oracle: aFunction,
  qualities,
  keysOf: aFunction,
  isDelete: aFunction,
}
