/** The io-ts codecs of updates, digests and messages. */
import * as t from 'io-ts'
import { jsonOf, readBack, saying } from '../core/Change.js'
import type { ClockRecord } from '../core/Clock.js'
import type { DataType } from '../core/DataType.js'
import type { Digest, Having } from '../core/Digest.js'
import type { Doubt } from '../core/Doubt.js'
import { Unfit } from '../core/Json.js'
import * as Timestamp from '../core/Timestamp.js'
import type { Update } from '../core/Update.js'
import { isIdentity, markIdentity } from '../core/identityCodec.js'

/** A finite number above 0 and below 2^53. */
export const timestamp = new t.Type<Timestamp.Timestamp, number, unknown>(
  'Timestamp',
  Timestamp.is,
  (u, context) => (Timestamp.is(u) ? t.success(u) : t.failure(u, context)),
  t.identity,
)

const isRecord = (u: unknown): u is Record<string, unknown> => typeof u === 'object' && u !== null && !Array.isArray(u)

/** An object of finite numbers. Its keys are sources; `__proto__` may be one. */
export const clock = new t.Type<ClockRecord, ClockRecord, unknown>(
  'Clock',
  (u): u is ClockRecord => isRecord(u) && Object.values(u).every(Number.isFinite),
  (u, context) => {
    if (!isRecord(u)) return t.failure(u, context)
    const source = Object.keys(u).find((key) => !Number.isFinite(u[key]))
    return source === undefined
      ? t.success(u as ClockRecord)
      : t.failure(u[source], t.appendContext(context, source, t.number, u[source]))
  },
  t.identity,
)

const place = t.readonly(t.tuple([t.number, t.string]))

/** Pieces by source, their ends in order. Its keys are sources; `__proto__` may be one. */
const isDoubt = (u: unknown): u is Doubt => isRecord(u) && Object.values(u).every(arePieces)

const doubt = new t.Type<Doubt, Doubt, unknown>(
  'Doubt',
  isDoubt,
  (u, context) => (isDoubt(u) ? t.success(u) : t.failure(u, context)),
  t.identity,
)

const arePieces = (u: unknown): boolean =>
  Array.isArray(u) &&
  u.every(
    (piece: unknown, i) =>
      Array.isArray(piece) &&
      Number.isFinite(piece[0]) &&
      typeof piece[1] === 'string' &&
      (i === 0 || (u[i - 1] as readonly number[])[0]! < (piece[0] as number)),
  )

const having = t.intersection([t.type({ clock }), t.partial({ floor: timestamp, doubt, after: place })])

/** What a message answers. Other members are ignored. */
export const since: t.Type<Having, unknown, unknown> = having

/** A peer's digest. Other members are ignored. */
export const header: t.Type<Digest, unknown, unknown> = t.intersection([
  having,
  t.type({ id: t.string }),
  t.partial({ meta: t.unknown }),
])

/** The members of a message that say what kind of message it is. */
export const kind = t.partial({ complete: t.literal(true), more: t.literal(true), at: place, asks: t.literal(true) })

/** A change, a timestamp, a source. Further members are kept. */
export const update = <S, C>(dataType: DataType<S, C>): t.Type<Update<C>, unknown, unknown> => {
  const codec = new t.Type<Update<C>, unknown, unknown>(
    `Update<${dataType.name}>`,
    (u): u is Update<C> =>
      Array.isArray(u) && dataType.change.is(u[0]) && Timestamp.is(u[1]) && typeof u[2] === 'string',
    (u, context) => {
      if (!Array.isArray(u) || u.length < 3) return t.failure(u, context, 'a change, a timestamp and a source')
      const members: readonly unknown[] = u
      if (!Timestamp.is(members[1])) {
        return t.failure(members[1], t.appendContext(context, '1', timestamp, members[1]))
      }
      if (typeof members[2] !== 'string') {
        return t.failure(members[2], t.appendContext(context, '2', t.string, members[2]))
      }
      const change = dataType.change.validate(members[0], t.appendContext(context, '0', dataType.change, members[0]))
      if (change._tag === 'Left') return change
      const made = readBack(dataType.change, change.right, members[0])
      if (!(made instanceof Unfit)) {
        const [read, isSame] = made
        const decoded = withChange(read, members)
        return t.success(isSame ? decoded : saying(decoded, members[0]))
      }
      const at = ['0', ...made.at].map((key) => ({ key: String(key), type: t.unknown }))
      return t.failure(made.value, [...context, ...at], made.expected)
    },
    (made) => [jsonOf(dataType.change)(made), ...made.slice(1)],
  )
  if (isIdentity(dataType.change)) markIdentity(codec)
  return codec
}

/** The update with its decoded change. The same array if decoding gave the same change. */
const withChange = <C>(change: C, members: readonly unknown[]): Update<C> =>
  (change === members[0] ? members : [change, ...members.slice(1)]) as unknown as Update<C>
