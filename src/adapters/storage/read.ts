/** Reads a replica from its entries. */
import type { either as E } from 'fp-ts'
import * as Clock from '../../core/Clock.js'
import { left, right } from '../../core/Either.js'
import * as Json from '../../core/Json.js'
import * as Log from '../../core/Log.js'
import type { Replica } from '../../core/Replica.js'
import { NEVER, type Timestamp } from '../../core/Timestamp.js'
import * as Unread from '../../core/Unread.js'
import { EXCERPT } from '../../core/Rejection.js'
import { stampOf, type SourceId, type Update } from '../../core/Update.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import { decodeFrozen, unreadOf } from '../../wire/decode.js'
import { DOUBTED, FLOOR, OWNER, SOURCE, TYPE, UNREAD_UPDATE, UPDATE, type Entry, type Table } from './entries.js'
import type { StorageError } from './StorageError.js'

/** What to read, and as what. */
export interface Source<S, C, Failed> {
  readonly table: Table<Failed>
  /** The replica's name, for errors. */
  readonly name: string
  readonly scuttlebutt: Scuttlebutt<S, C>
  readonly id: SourceId
  readonly options: ReadOptions
}

export interface ReadOptions {
  /**
   * Takes a replica of another id, data type or version, and writes it anew as one of this id and
   * type. Default false.
   */
  readonly adopt?: boolean
  /** Called with how many updates are read: after at most 4,096 more, and at the end. */
  readonly progress?: (progress: { readonly updates: number }) => void
}

export interface Read<S, C> {
  readonly replica: Replica<S, C>
  /** The data type, as the database says it. Undefined in one that is new, or of 0.1. */
  readonly type: string | undefined
  /** Who wrote last: see `entries`. */
  readonly owner: string | undefined
  /** The database does not say yet that it has a replica of this id and type. */
  readonly isOther: boolean
}

type NotRead = Extract<StorageError<never>, { readonly _tag: 'OtherType' | 'OtherId' | 'Rejected' }>

/**
 * Reads the replica; an empty table gives a new one. O(updates). Errors: those of the database,
 * `OtherType`, `OtherId`, `Rejected`.
 */
export const read = <S, C, Failed>(source: Source<S, C, Failed>): Promise<E.Either<StorageError<Failed>, Read<S, C>>> =>
  source.table.attempt(
    () => 'read',
    () => readAll(source),
  )

const readAll = async <S, C, Failed>(source: Source<S, C, Failed>): Promise<E.Either<NotRead, Read<S, C>>> => {
  const { table, name, scuttlebutt, id, options } = source
  const { dataType, create } = scuttlebutt
  const [decode, asUnread] = [decodeFrozen(dataType)({}), unreadOf(dataType)({})]
  let { state, log } = create(id)
  let rejected: NotRead | undefined
  const values: Values<C> = { s: [], d: [], f: [], n: [], t: [], o: [], u: [] }
  const { u: updates, n: unread, t: types, o: owners } = values
  const texts: Partial<Record<string, string>> = {}
  const isKnown = (): boolean => {
    const [[saved, version] = []] = types
    return version === dataType.version && [dataType.name, ...(dataType.formerly ?? [])].includes(saved!)
  }
  for await (const entries of table.entries()) {
    const from = updates.length
    for (const [key, text] of entries) {
      const kind = key[0] as keyof Values<C>
      const others = values[kind] as unknown[] | undefined
      if (!others) continue
      const value = valueOf(kind, key, text)
      texts[kind] = text as string
      const decoded = kind === UPDATE ? decode(value) : right(value)
      // of another data type, or of 0.1, which does not say its type, something must be readable
      const isUnread = decoded._tag === 'Left' && (isKnown() || updates.length > 0)
      const kept = isUnread ? asUnread(decoded.left) : undefined
      if (decoded._tag === 'Right') others.push(decoded.right)
      else if (kept) unread.push(kept)
      else rejected ??= { _tag: 'Rejected', key: String(key), rejection: decoded.left }
    }
    if (updates.length > from) state = dataType.apply(updates.slice(from))(state).state
    options.progress?.({ updates: updates.length })
  }
  const [[type], [owner]] = [types, owners]
  if (!options.adopt) {
    const version = type?.[1]
    if (type && !isKnown()) return left({ _tag: 'OtherType', name: type[0], ...(version !== undefined && { version }) })
    if (owner && owner[0] !== id) return left({ _tag: 'OtherId', name, id: owner[0] })
  }
  if (rejected) return left(rejected)
  for (const update of unread) log = Unread.add(update)(log)
  const replica = { id, state, log: Log.add(updates)(log), clock: clockOf(values) }
  return right({ replica, type: texts[TYPE], owner: texts[OWNER], isOther: !isKnown() || owner?.[0] !== id })
}

/** What entries hold, by kind. */
interface Values<C> {
  readonly [SOURCE]: (readonly [SourceId, Timestamp])[]
  readonly [DOUBTED]: (readonly [SourceId, Timestamp])[]
  readonly [FLOOR]: Timestamp[]
  readonly [UNREAD_UPDATE]: Update<unknown>[]
  readonly [TYPE]: (readonly [name: string, version?: string])[]
  readonly [OWNER]: (readonly [SourceId])[]
  readonly [UPDATE]: Update<C>[]
}

/**
 * The value of an entry, frozen. Throws if it is damaged, but for an update: that is for the data
 * type to refuse.
 */
const valueOf = (kind: string, key: Entry[0], text: unknown): unknown => {
  try {
    const value: unknown = Json.freeze(JSON.parse(text as string), Infinity)
    const [source, time] = kind === FLOOR ? ['', value] : (value as readonly unknown[])
    const timestamp = kind === TYPE || kind === OWNER || time === NEVER ? 1 : time
    if (kind === UPDATE || stampOf(kind === UNREAD_UPDATE ? value : [0, timestamp, source])) return value
  } catch {
    // it is damaged
  }
  if (kind === UPDATE) return undefined
  throw new SyntaxError(`the entry ${JSON.stringify(key)} is damaged: ${String(text).slice(0, EXCERPT)}`)
}

/** The clock also covers superseded updates, which are not in the database. */
const clockOf = ({ s: seen, d: doubted, f: [floor = NEVER], u: read, n: unread }: Values<unknown>): Clock.Clock => {
  const saved = Clock.raise(floor)(Clock.fromRecord(Object.fromEntries(seen)))
  const clock = Clock.advanceAll([...read, ...unread])(saved)
  return doubted.reduce((next, [source, sure]) => Clock.doubtFrom(source, sure)(next), clock)
}
