/** What the functions of this kit take first: a subject, or a data type. */
import { oneOf, record, shown, type Rules } from './Rule.js'
import type { Delivery } from './Subject.js'

const DELIVERY: Rules<Delivery> = {
  order: oneOf('source', 'causal', 'any'),
  copies: oneOf('exactly once', 'at least once'),
}

export const aDelivery = record(DELIVERY, ['order', 'copies'])

type Given = Readonly<Record<string, unknown>>

/**
 * Throws a TypeError for what is no subject, and a RangeError for a delivery that there is not.
 * With `isJudged` it must have laws, too.
 */
export const expectSubject = (of: string, subject: unknown, isJudged = false): void => {
  const given = (typeof subject === 'object' ? (subject ?? {}) : {}) as Given
  const { laws, delivery } = given
  const what = `${of} takes a subject: what \`operations\`, \`states\`, \`deltas\`, \`opaque\` or \`ofDataType\` gives`
  if (typeof delivery !== 'object' || FUNCTIONS.some((name) => typeof given[name] !== 'function')) {
    throw new TypeError(`${what}, not ${'change' in given ? 'a data type' : shown(subject)}`)
  }
  if (isJudged && !Array.isArray(laws)) throw new TypeError(`${what}. This one has no \`laws\``)
  aDelivery(delivery, { path: 'delivery', of })
}

const FUNCTIONS = ['create', 'command', 'local', 'receive', 'equals', 'show', 'view']

/** Throws a TypeError for what is no data type. */
export const expectDataType = (of: string, dataType: unknown): void => {
  if (typeof dataType !== 'object' || dataType === null) {
    throw new TypeError(`${of} takes a data type first, not ${shown(dataType)}`)
  }
  const [says] = OF_DATA_TYPE.find(([, holds]) => !holds(dataType as Given)) ?? []
  if (says !== undefined) throw new TypeError(`${of} takes a data type first: ${says}`)
}

/** What every data type has. The first that does not hold is told. */
const OF_DATA_TYPE: ReadonlyArray<readonly [says: string, holds: (dataType: Given) => boolean]> = [
  ['`name` must be a text', ({ name }) => typeof name === 'string'],
  [
    '`change` must be an io-ts codec',
    ({ change }) => typeof (change as Given | null | undefined)?.['validate'] === 'function',
  ],
  ['`apply` must be a function', ({ apply }) => typeof apply === 'function'],
  ['it needs `empty`', (dataType) => 'empty' in dataType],
]
