/**
 * Codecs whose decoding is a mere check. Valid input then passes without the decoder, which is slow
 * because it explains errors.
 */
import type { Any } from 'io-ts'

/** Marks such a codec of ours. Not for users: a wrong mark would let unchecked values in. */
const IDENTITY = Symbol('identity codec')

/**
 * Whether `decode(u)` gives `u` itself wherever `is(u)` holds. True for io-ts's basic codecs, for
 * marked ones, and for unions, tuples and arrays of these. False for any other codec, because
 * nothing is known of it. O(parts of the codec).
 */
export const isIdentity = (codec: Any): boolean => {
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
      return isIdentity(type as Any)
    case 'UnionType':
    case 'TupleType':
      return (types as ReadonlyArray<Any>).every(isIdentity)
    default:
      return Object.hasOwn(codec, IDENTITY)
  }
}

/** Marks a codec that {@link isIdentity} could not recognise. */
export const markIdentity = (codec: Any): void => {
  Object.defineProperty(codec, IDENTITY, { value: true })
}
