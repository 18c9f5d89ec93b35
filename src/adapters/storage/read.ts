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
import type { Rejection, Scuttlebutt } from '../../scuttlebutt.js'
import { decodeFrozen, unreadOf } from '../../wire/decode.js'
import { DOUBTED, FLOOR, OWNER, SOURCE, TYPE, UNREAD_UPDATE, UPDATE, type Entry, type Table } from './entries.js'
import type { StorageError } from './StorageError.js'

/** What to read, and as what. */
export interface Source<S, C> {
  readonly table: Pick<Table<never>, 'isKeyOf'> & {
    readonly entries: () => AsyncIterable<ReadonlyArray<Entry>> | Iterable<ReadonlyArray<Entry>>
  }
  /** The replica's name, for errors. */
  readonly name: string
  readonly scuttlebutt: Scuttlebutt<S, C>
  readonly id: SourceId
  readonly options: Pick<ReadOptions, 'adopt'>
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
 * Reads the replica; an empty table gives a new one. O(updates). Errors: `OtherType`, `OtherId`,
 * `Rejected`. Throws what the table throws, and the error of a damaged entry.
 */
export const read = async <S, C>(
  source: Source<S, C>,
  progress?: ReadOptions['progress'],
): Promise<E.Either<NotRead, Read<S, C>>> => {
  const { table, name, scuttlebutt, id, options } = source
  const { dataType, create } = scuttlebutt
  const [decode, asUnread] = [decodeFrozen(dataType)({}), unreadOf(dataType)]
  let { state, log } = create(id)
  const unreadable: (readonly [key: string, rejection: Rejection])[] = []
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
      const ofKind = values[kind] as unknown[] | undefined
      if (!ofKind) continue
      const value = valueOf(kind, key, text, table.isKeyOf)
      texts[kind] = text as string
      const decoded = kind === UPDATE ? decode(value) : right(value)
      if (decoded._tag === 'Right') ofKind.push(decoded.right)
      else unreadable.push([String(key), decoded.left])
    }
    if (updates.length > from) state = dataType.apply(updates.slice(from))(state).state
    progress?.({ updates: updates.length })
  }
  const [[type], [owner]] = [types, owners]
  if (!options.adopt) {
    const version = type?.[1]
    if (type && !isKnown()) return left({ _tag: 'OtherType', name: type[0], ...(version !== undefined && { version }) })
    if (owner && owner[0] !== id) return left({ _tag: 'OtherId', name, id: owner[0] })
  }
  for (const [key, rejection] of unreadable) {
    // of another data type, or of 0.1, which does not say its type, something must be readable
    const kept = isKnown() || updates.length > 0 ? asUnread(rejection) : undefined
    if (!kept) return left({ _tag: 'Rejected', key, rejection })
    unread.push(kept)
  }
  for (const update of unread) log = Unread.add(update)(log)
  const replica = { id, state, log: Log.add(Log.sorted(updates))(log), clock: clockOf(values) }
  return right({ replica, type: texts[TYPE], owner: texts[OWNER], isOther: !isKnown() || owner?.[0] !== id })
}

/** What entries hold, by kind. */
interface Values<C> {
  readonly [SOURCE]: (readonly [SourceId, seen: Timestamp, sure?: Timestamp])[]
  readonly [DOUBTED]: (readonly [SourceId, sure: Timestamp])[]
  readonly [FLOOR]: Timestamp[]
  readonly [UNREAD_UPDATE]: Update<unknown>[]
  readonly [TYPE]: (readonly [name: string, version?: string])[]
  readonly [OWNER]: (readonly [SourceId])[]
  readonly [UPDATE]: Update<C>[]
}

/**
 * The value of an entry, frozen. Undefined for an update that is damaged, or under the key of
 * another: the data type refuses it. Throws for any other damage.
 */
const valueOf = (kind: string, key: Entry[0], text: unknown, isKeyOf: Table<never>['isKeyOf']): unknown => {
  try {
    const value: unknown = Json.freeze(JSON.parse(text as string), Infinity)
    const update = value as Update<unknown>
    // what is no array of an update has no such members, or throws: it is damaged too
    const isUnderItsKey = (): boolean => (isKeyOf ? isKeyOf(key, update) : key[1] === update[2] && key[2] === update[1])
    if (kind === UPDATE ? isUnderItsKey() : isWell(kind, value)) return value
  } catch {
    // it is damaged
  }
  if (kind === UPDATE) return undefined
  throw new SyntaxError(`the entry ${JSON.stringify(key)} is damaged: ${String(text).slice(0, EXCERPT)}`)
}

const isWell = (kind: string, value: unknown): boolean => {
  const isStamp = (timestamp: unknown, source: unknown): boolean =>
    !!stampOf([0, timestamp === NEVER ? 1 : timestamp, source])
  if (kind === UNREAD_UPDATE) return !!stampOf(value)
  if (kind === FLOOR) return isStamp(value, '')
  const [source, seen, sure = NEVER] = value as readonly unknown[]
  return kind === TYPE || kind === OWNER ? isStamp(NEVER, source) : isStamp(seen, source) && isStamp(sure, source)
}

/**
 * The clock also covers superseded updates, which are not in the database. It claims what the
 * entries of sources say, and no more: not all entries may be there.
 */
const clockOf = ({ s: sources, d: doubted, f: [floor = NEVER] }: Values<unknown>): Clock.Clock => {
  // it reads the first two members of each
  const seen = Object.fromEntries(sources as Iterable<readonly unknown[]>) as Clock.ClockRecord
  const sure = sources.flatMap(([source, , from]) => (from === undefined ? [] : [[source, from] as const]))
  return [...doubted, ...sure].reduce(
    (next, [source, from]) => Clock.doubtFrom(source, from)(next),
    Clock.raise(floor)(Clock.fromRecord(seen)),
  )
}
