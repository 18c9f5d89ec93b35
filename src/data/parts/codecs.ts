/**
 * The io-ts codecs of changes, where io-ts has none or has one with gaps. Decoding returns the same
 * object that it was given, unless a part of the value changes.
 */
import type { eq } from 'fp-ts'
import * as t from 'io-ts'
import type { DeepReadonly } from '../../core/DeepReadonly.js'
import { isIdentity, markIdentity } from '../../core/identityCodec.js'
import { isPlain, Unfit } from '../../core/Json.js'

type Members<A> = Readonly<Record<string, A>>

/** The same codec: decoded values are frozen, so their type may say so. */
export const readonly = <A>(codec: t.Type<A, unknown, unknown>): t.Type<DeepReadonly<A>, unknown, unknown> =>
  codec as unknown as t.Type<DeepReadonly<A>, unknown, unknown>

/**
 * Plain objects whose values `member` decodes, and none of whose keys is refused. io-ts's own
 * `record` loses `__proto__`.
 */
export const record = <A>(
  member: t.Type<A, unknown, unknown>,
  isRefused: (key: string) => boolean = () => false,
): t.Type<Members<A>, unknown, unknown> =>
  marked(
    new t.Type<Members<A>, unknown, unknown>(
      `{ [key]: ${member.name} }`,
      (u): u is Members<A> => isPlain(u) && Object.keys(u).every((key) => !isRefused(key) && member.is(u[key])),
      (u, context) => {
        if (!isPlain(u) || Object.keys(u).some(isRefused)) return t.failure(u, context)
        const errors: t.ValidationError[] = []
        const decoded = mapped(u, (value, key) => {
          const result = member.validate(value, t.appendContext(context, key, member, value))
          if (result._tag === 'Left') errors.push(...result.left)
          return result._tag === 'Left' ? value : result.right
        })
        return errors.length > 0 ? t.failures(errors) : t.success(decoded as Members<A>)
      },
      member.encode === t.identity ? t.identity : (object) => mapped(object, member.encode),
    ),
    member,
  )

const mapped = <A>(object: Members<A>, f: (value: A, key: string) => unknown): Members<unknown> => {
  const members = Object.keys(object).map((key) => [key, f(object[key]!, key)] as const)
  return members.some(([key, value]) => value !== object[key]) ? Object.fromEntries(members) : object
}

/**
 * `t.union([t.null, value])`, with a check that allocates nothing. Null here is null on the wire,
 * and nothing else is: a value that `value` reads or writes as null or undefined is refused. A
 * codec of io-ts cannot fail to encode, so `encode` gives an `Unfit`, and `Json.copy` passes it on.
 */
export const nullOr = <A>(value: t.Type<A, unknown, unknown>): t.Type<A | null, unknown, unknown> => {
  const { name, validate, encode, types } = t.union([t.null, value])
  const expected = 'a value other than null'
  /** Whether a codec made null or undefined of something else. */
  const isLost = (from: unknown, to: unknown): boolean => (to ?? null) === null && from !== to
  return new t.UnionType(
    name,
    (u): u is A | null => u === null || value.is(u),
    (u, context) => {
      const decoded = validate(u, context)
      return decoded._tag === 'Right' && isLost(u, decoded.right) ? t.failure(u, context, expected) : decoded
    },
    encode === t.identity
      ? encode
      : (made) => {
          const json = encode(made)
          return isLost(made, json) ? new Unfit('value', [], made, expected) : json
        },
    types,
  )
}

/**
 * A string and a value that `value` decodes, and nothing after them. io-ts's own `tuple` accepts a
 * missing member if its codec accepts undefined.
 */
export const pair = <A>(value: t.Type<A, unknown, unknown>): t.Type<readonly [string, A], unknown, unknown> =>
  marked(anyPair.pipe(t.readonly(t.tuple([t.string, value]))), value)

const isPair = (u: unknown): u is readonly unknown[] => Array.isArray(u) && u.length === 2

const anyPair = new t.Type<readonly unknown[], readonly unknown[], unknown>(
  '[key, value]',
  isPair,
  (u, context) => (isPair(u) ? t.success(u) : t.failure(u, context)),
  t.identity,
)

/** The codec, less the values that do not pass the test. */
export const refining = <A>(
  codec: t.Type<A, unknown, unknown>,
  passes: (value: A) => boolean,
): t.Type<A, unknown, unknown> =>
  marked(
    new t.Type<A, unknown, unknown>(
      codec.name,
      (u): u is A => codec.is(u) && passes(u),
      (u, context) => {
        const decoded = codec.validate(u, context)
        return decoded._tag === 'Left' || passes(decoded.right) ? decoded : t.failure(u, context)
      },
      codec.encode,
    ),
    codec,
  )

/** Equal if both are null, or if neither is and `value` says that they are equal. */
export const orNull = <A>(value: eq.Eq<A>): eq.Eq<DeepReadonly<A> | A | null> => ({
  equals: (a, b) => (a === null || b === null ? a === b : value.equals(a as A, b as A)),
})

/** The codec itself, marked as check-only if its parts are. */
const marked = <A extends t.Any>(codec: A, ...parts: ReadonlyArray<t.Any>): A => {
  if (parts.every(isIdentity)) markIdentity(codec)
  return codec
}
