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
  let typeText: string | undefined
  let ownerText: string | undefined
  const updates: Update<C>[] = []
  const unread: Update<unknown>[] = []
  const values: Values = { s: [], d: [], f: [], n: unread, t: [], o: [] }
  const isKnown = (): boolean => {
    const [[saved, version] = []] = values.t
    return version === dataType.version && [dataType.name, ...(dataType.formerly ?? [])].includes(saved!)
  }
  for await (const entries of table.entries()) {
    const from = updates.length
    for (const [key, text] of entries) {
      const kind = key[0] as keyof Values | typeof UPDATE
      const others = values[kind as keyof Values] as unknown[] | undefined
      if (kind !== UPDATE && others === undefined) continue
      const value = valueOf(kind, text)
      if (others !== undefined) {
        if (value === undefined) throw new SyntaxError(damaged(key, text))
        others.push(value)
        if (kind === TYPE) typeText = text as string
        if (kind === OWNER) ownerText = text as string
        continue
      }
      const decoded = decode(value)
      // of another data type, or of 0.1, which does not say its type, something must be readable
      const isUnread = decoded._tag === 'Left' && (isKnown() || updates.length > 0)
      const kept = isUnread ? asUnread(decoded.left) : undefined
      if (decoded._tag === 'Right') updates.push(decoded.right)
      else if (kept !== undefined) unread.push(kept)
      else rejected ??= { _tag: 'Rejected', key: String(key), rejection: decoded.left }
    }
    if (updates.length > from) state = dataType.apply(updates.slice(from))(state).state
    options.progress?.({ updates: updates.length })
  }
  const [[type], [owner]] = [values.t, values.o]
  if (!options.adopt) {
    const version = type?.[1]
    if (type && !isKnown()) return left({ _tag: 'OtherType', name: type[0], ...(version !== undefined && { version }) })
    if (owner && owner[0] !== id) return left({ _tag: 'OtherId', name, id: owner[0] })
  }
  if (rejected !== undefined) return left(rejected)
  for (const update of unread) log = Unread.add(update)(log)
  const replica = { id, state, log: Log.add(updates)(log), clock: clockOf(values, [...updates, ...unread]) }
  return right({ replica, type: typeText, owner: ownerText, isOther: !isKnown() || owner?.[0] !== id })
}

const damaged = (key: Entry[0], text: unknown): string =>
  `the entry ${JSON.stringify(key)} is damaged: ${String(text).slice(0, EXCERPT)}`

/** The value of an entry, frozen; undefined, which is no update, if it is damaged. */
const valueOf = (kind: keyof Values | typeof UPDATE, text: unknown): unknown => {
  try {
    const value: unknown = Json.freeze(JSON.parse(text as string), Infinity)
    const [name, time] = kind === FLOOR ? ['', value] : (value as readonly unknown[])
    const timestamp = kind === TYPE || kind === OWNER || time === NEVER ? 1 : time
    const isWhole = kind === UPDATE || stampOf(kind === UNREAD_UPDATE ? value : [0, timestamp, name]) !== undefined
    return isWhole ? value : undefined
  } catch {
    return undefined
  }
}

/** What entries hold that can be no updates, by kind. */
interface Values {
  readonly [SOURCE]: (readonly [SourceId, Timestamp])[]
  readonly [DOUBTED]: (readonly [SourceId, Timestamp])[]
  readonly [FLOOR]: Timestamp[]
  readonly [UNREAD_UPDATE]: Update<unknown>[]
  readonly [TYPE]: (readonly [name: string, version?: string])[]
  readonly [OWNER]: (readonly [SourceId])[]
}

/** The clock also covers superseded updates, which are not in the database. */
const clockOf = ({ s: seen, d: doubted, f: [floor] }: Values, held: ReadonlyArray<Update<unknown>>): Clock.Clock => {
  const saved = Clock.raise(floor ?? NEVER)(Clock.fromRecord(Object.fromEntries(seen)))
  const clock = Clock.advanceAll(held)(saved)
  return doubted.reduce((next, [source, sure]) => Clock.doubtFrom(source, sure)(next), clock)
}
