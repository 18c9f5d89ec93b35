/** What the functions of this kit take first: a subject, or a data type. */
import { shown } from './Rule.js'

/** Throws a TypeError for what is no subject. With `isJudged` it must have laws, too. */
export const expectSubject = (of: string, subject: unknown, isJudged = false): void => {
  const given = (typeof subject === 'object' ? (subject ?? {}) : {}) as Readonly<Record<string, unknown>>
  const { laws, delivery } = given
  const isSubject = typeof delivery === 'object' && FUNCTIONS.every((name) => typeof given[name] === 'function')
  if (isSubject && (!isJudged || Array.isArray(laws))) return
  const what = `${of} takes a subject: what \`operations\`, \`states\`, \`deltas\`, \`opaque\` or \`ofDataType\` gives`
  if (isSubject) throw new TypeError(`${what}. This one has no \`laws\``)
  throw new TypeError(`${what}, not ${'change' in given ? 'a data type' : shown(subject)}`)
}

const FUNCTIONS = ['create', 'command', 'local', 'receive', 'equals', 'show', 'view']

/** Throws a TypeError for what is no data type. */
export const expectDataType = (of: string, dataType: unknown): void => {
  if (typeof dataType !== 'object' || dataType === null) {
    throw new TypeError(`${of} takes a data type first, not ${shown(dataType)}`)
  }
  const { name, change, apply } = dataType as Readonly<Record<string, unknown>>
  const { validate } = (change ?? {}) as { readonly validate?: unknown }
  const wrong =
    typeof name !== 'string'
      ? '`name` must be a text'
      : typeof validate !== 'function'
        ? '`change` must be an io-ts codec'
        : typeof apply !== 'function'
          ? '`apply` must be a function'
          : 'empty' in dataType
            ? undefined
            : 'it needs `empty`'
  if (wrong !== undefined) throw new TypeError(`${of} takes a data type first: ${wrong}`)
}
