/** Keys and numbers that are equal to some and not to others. */
import * as fc from 'fast-check'
import { operations } from '../subjects/forms.js'
import { broken } from './Broken.js'

export const notANumber = broken(
  {
    name: 'notANumber',
    because:
      'a set that looks for its members with `indexOf`, which never finds NaN (IEEE 754-2019, section 5.11): it stands there twice',
    law: 17,
    verdict: 'wrong value',
  },
  operations({
    empty: [] as ReadonlyArray<number>,
    command: fc.constantFrom(1, NaN),
    // eslint-disable-next-line @typescript-eslint/prefer-includes -- which is what is wrong
    apply: (n) => (set) => (set.indexOf(n) >= 0 ? set : [...set, n].sort()),
    oracle: (made) => [...new Set(made.map(({ command }) => command))].sort(),
  }),
)

export const negativeZero = broken(
  {
    name: 'negativeZero',
    because:
      'the greatest wins, but 0 and -0 are neither greater than the other, and not the same (IEEE 754-2019, section 5.11): the first to come stays',
    law: 1,
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
      'keys are looked up in their normal form (Unicode Annex 15) and kept as they were first spelt, which is another spelling elsewhere',
    law: 1,
    verdict: 'diverged',
  },
  operations({
    empty: [] as ReadonlyArray<string>,
    command: fc.constantFrom('\u00e9', 'e\u0301'),
    apply: (key) => (keys) => (keys.some((one) => one.normalize() === key.normalize()) ? keys : [...keys, key]),
  }),
)
