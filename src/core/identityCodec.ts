/**
 * Codecs whose decoding is a mere check. Valid input then passes without the decoder, which is slow
 * because it explains errors.
 */
import type { Any } from 'io-ts'

/** Marks such a codec of ours. Not for users: a wrong mark would let unchecked values in. */
const CHECK_ONLY = Symbol('check only')

/**
 * Whether `decode(u)` gives `u` itself wherever `is(u)` holds. True for io-ts's basic codecs, for
 * marked ones, and for unions, tuples and arrays of these. False for any other codec, because
 * nothing is known of it. O(parts of the codec).
 */
export const isCheckOnly = (codec: Any): boolean => {
  const { _tag, type, types } = codec as Any & Partial<Record<'_tag' | 'type' | 'types', unknown>>
  switch (_tag) {
    case 'NullType':
    case 'StringType':
    case 'NumberType':
    case 'BooleanType':
    case 'LiteralType':
    case 'KeyofType':
    case 'UnknownType':
      return true
    case 'ArrayType':
    case 'ReadonlyArrayType':
    case 'ReadonlyType':
      return isCheckOnly(type as Any)
    case 'UnionType':
    case 'TupleType':
      return (types as ReadonlyArray<Any>).every(isCheckOnly)
    default:
      return Object.hasOwn(codec, CHECK_ONLY)
  }
}

/** Marks a codec that {@link isCheckOnly} could not recognise. */
export const markCheckOnly = (codec: Any): void => {
  Object.defineProperty(codec, CHECK_ONLY, { value: true })
}
