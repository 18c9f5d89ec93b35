/** Which codecs only check: so that what is common needs none of what it takes to say what is wrong. */
import type { Any } from 'io-ts'

/** Codecs other than io-ts's own that give the very value that they got, wherever they take it. */
const checkOnly = new WeakSet<Any>()

/**
 * Whether decoding is no more than a check: `decode(u)` is `u` itself wherever `is(u)`. So of the basic codecs of io-ts and of
 * ours, and what is made of these alone; of a codec that somebody made it is not known. O(parts of the codec).
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
      return checkOnly.has(codec)
  }
}

/** Says so of a codec of ours. */
export const markCheckOnly = (codec: Any): void => {
  checkOnly.add(codec)
}
