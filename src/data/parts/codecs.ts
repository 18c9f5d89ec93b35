/** What changes are made of, and io-ts has not, or has with gaps. The codecs give the very value that they got where no part of it changes. */
import type { eq } from 'fp-ts'
import * as t from 'io-ts'
import { isCheckOnly, markCheckOnly } from '../../core/identityCodec.js'

type Members<A> = Readonly<Record<string, A>>

/** Whether a value is an object of plain members, as JSON makes them. */
export const isPlain = (u: unknown): u is Members<unknown> => {
  if (typeof u !== 'object' || u === null || Array.isArray(u)) return false
  const prototype: unknown = Object.getPrototypeOf(u)
  return prototype === Object.prototype || prototype === null
}

/** Plain objects of what `member` decodes, under any keys: io-ts's own `record` loses `__proto__`. */
export const record = <A>(member: t.Type<A, unknown, unknown>): t.Type<Members<A>, unknown, unknown> =>
  marked(
    new t.Type<Members<A>, unknown, unknown>(
      `{ [key]: ${member.name} }`,
      (u): u is Members<A> => isPlain(u) && Object.keys(u).every((key) => member.is(u[key])),
      (u, context) => {
        if (!isPlain(u)) return t.failure(u, context)
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

/** `t.union([t.null, value])`, with a check that makes no garbage. */
export const nullOr = <A>(value: t.Type<A, unknown, unknown>): t.Type<A | null, unknown, unknown> => {
  const { name, validate, encode, types } = t.union([t.null, value])
  return new t.UnionType(name, (u): u is A | null => u === null || value.is(u), validate, encode, types)
}

const isPair = (u: unknown): u is readonly unknown[] => Array.isArray(u) && u.length === 2

const anyPair = new t.Type<readonly unknown[], readonly unknown[], unknown>(
  '[key, value]',
  isPair,
  (u, context) => (isPair(u) ? t.success(u) : t.failure(u, context)),
  t.identity,
)

/** Just a string and what `value` decodes: io-ts's own `tuple` takes a member that is missing for one that is undefined. */
export const pair = <A>(value: t.Type<A, unknown, unknown>): t.Type<readonly [string, A], unknown, unknown> =>
  marked(anyPair.pipe(t.readonly(t.tuple([t.string, value]))), value)

/** Equal where both are null, or neither is and they are equal. */
export const orNull = <A>(value: eq.Eq<A>): eq.Eq<A | null> => ({
  equals: (a, b) => (a === null || b === null ? a === b : value.equals(a, b)),
})

/** As it was given; known to be check-only where its parts are. */
const marked = <A extends t.Any>(codec: A, ...parts: ReadonlyArray<t.Any>): A => {
  if (parts.every(isCheckOnly)) markCheckOnly(codec)
  return codec
}
