/** Keys and numbers that are equal by one comparison and not by another. */
import * as fc from 'fast-check'
import { operations } from '../subjects/forms.js'
import { broken } from './Broken.js'

export const notANumber = broken(
  {
    name: 'notANumber',
    because:
      'a set finds its members with `indexOf`, which never finds NaN: NaN is added twice (IEEE 754-2019, ' +
      'section 5.11)',
    law: 'oracle',
    verdict: 'wrong value',
  },
  operations({
    empty: [] as ReadonlyArray<number>,
    command: fc.constantFrom(1, NaN),
    // eslint-disable-next-line @typescript-eslint/prefer-includes -- the mistake on purpose
    apply: (n) => (set) => (set.indexOf(n) >= 0 ? set : [...set, n].sort()),
    oracle: (made) => [...new Set(made.map(({ command }) => command))].sort(),
  }),
)

export const negativeZero = broken(
  {
    name: 'negativeZero',
    because:
      'the greatest number wins, but neither of 0 and -0 is greater: the first to arrive stays (IEEE ' +
      '754-2019, section 5.11)',
    law: 'convergence',
    verdict: 'diverged',
  },
  operations({
    empty: -Infinity,
    command: fc.constantFrom(0, -0),
    apply: (n) => (greatest) => (n > greatest ? n : greatest),
    show: (greatest) => `one in ${greatest.toLocaleString('en')}`,
  }),
)

export const spelling = broken(
  {
    name: 'spelling',
    because:
      'keys are compared in their normal form and kept as first spelt, which differs between replicas ' +
      '(Unicode Annex 15)',
    law: 'convergence',
    verdict: 'diverged',
  },
  operations({
    empty: [] as ReadonlyArray<string>,
    command: fc.constantFrom('\u00e9', 'e\u0301'),
    apply: (key) => (keys) => (keys.some((one) => one.normalize() === key.normalize()) ? keys : [...keys, key]),
  }),
)
