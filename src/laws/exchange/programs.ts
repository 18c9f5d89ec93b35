/** The programs that devices run: the data type, and an older one that cannot read all changes. */
import * as t from 'io-ts'
import * as Json from '../../core/Json.js'
import type { DataType } from '../../core/DataType.js'
import { hashOf } from '../model/hash.js'
import { scuttlebutt, type Scuttlebutt } from '../../scuttlebutt.js'
import * as format from '../../wire/lines/format.js'

/** What a program does with replicas, messages and lines. */
export interface Program<S, C> extends Scuttlebutt<S, C> {
  readonly decodeLine: ReturnType<typeof format.decode<S, C>>
  readonly encodeLine: ReturnType<typeof format.encode<S, C>>
}

const programOf = <S, C>(dataType: DataType<S, C>): Program<S, C> => ({
  ...scuttlebutt(dataType),
  decodeLine: format.decode(dataType),
  encodeLine: format.encode(dataType),
})

export interface Programs<S, C> {
  readonly new: Program<S, C>
  readonly old: Program<S, C>
}

const made = new WeakMap<object, Programs<never, never>>()

/** Both programs of a data type, made once. */
export const programsOf = <S, C>(dataType: DataType<S, C>): Programs<S, C> => {
  const known = made.get(dataType) as unknown as Programs<S, C> | undefined
  if (known !== undefined) return known
  const { final, ...kept } = dataType
  const older: DataType<S, C> = {
    ...kept,
    change: knowingLess(dataType.change),
    // what the older program does not know is not final
    ...(final && { final: (change) => !isNewer(change) && final(change) }),
  }
  const programs = { new: programOf(dataType), old: programOf(older) }
  made.set(dataType, programs as unknown as Programs<never, never>)
  return programs
}

/** The codec of an older program: it refuses one in three changes, whatever they are. */
const knowingLess = <C>(codec: t.Type<C, unknown, unknown>): t.Type<C, unknown, unknown> =>
  new t.Type<C, unknown, unknown>(
    `older ${codec.name}`,
    (change): change is C => codec.is(change) && !isNewer(codec.encode(change)),
    (json, context) => (isNewer(json) ? t.failure(json, context, 'of a newer program') : codec.validate(json, context)),
    codec.encode,
  )

/** O(size). */
const isNewer = (json: unknown): boolean => hashOf(Json.canonical(json)) % 3 === 0
