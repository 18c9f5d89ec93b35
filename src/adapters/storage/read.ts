/** Reads a replica from its entries. */
import type { either as E } from 'fp-ts'
import * as Clock from '../../core/Clock.js'
import type { DataType } from '../../core/DataType.js'
import { left, right } from '../../core/Either.js'
import * as Json from '../../core/Json.js'
import * as Log from '../../core/Log.js'
import type { Replica } from '../../core/Replica.js'
import * as Timestamp from '../../core/Timestamp.js'
import * as Unread from '../../core/Unread.js'
import type { SourceId, Update } from '../../core/Update.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import { decodeFrozen, unreadOf } from '../../wire/decode.js'
import { DOUBTS, FLOOR, OWNER, SOURCES, TYPE, UNREAD, UPDATES, type Range, type Table } from './entries.js'
import { attempt, type StorageError } from './StorageError.js'

/** What to read, and as what. */
export interface Reading<S, C> {
  readonly table: Table
  /** The replica's name, for errors. */
  readonly name: string
  readonly scuttlebutt: Scuttlebutt<S, C>
  readonly id: SourceId
  /** Takes a replica of another id, data type or version. */
  readonly isAdopting: boolean
  /** Called with the number of updates read so far. */
  readonly onUpdates: (count: number) => void
}

export interface Read<S, C> {
  readonly replica: Replica<S, C>
  /** What the database says of the data type, of the id and of who wrote last: see `entries`. */
  readonly type: string | undefined
  readonly owner: string | undefined
  /** The replica was another one, or is said to be. */
  readonly isAdopted: boolean
}

/**
 * Reads the replica; an empty table gives a new one. O(updates). Errors: `Failure`, `OtherType`,
 * `OtherId`, `Rejected`.
 */
export const read = async <S, C>(reading: Reading<S, C>): Promise<E.Either<StorageError, Read<S, C>>> => {
  const { table, name, scuttlebutt, id, isAdopting } = reading
  const found = await attempt('read', async () => {
    const [type, owner] = await table.getMany([TYPE, OWNER])
    const isOurs = type === undefined ? undefined : isOfType(type, scuttlebutt.dataType)
    if (isOurs === false && !isAdopting) return otherType(type!)
    const saved = owner === undefined ? id : (JSON.parse(owner) as readonly [SourceId, string])[0]
    if (saved !== id && !isAdopting) return left<StorageError>({ _tag: 'OtherId', name, id: saved })
    const replica = await readUpdates(reading, isOurs === true)
    if (replica._tag === 'Left') return replica
    return right({
      replica: await withClock(table, replica.right),
      type,
      owner,
      isAdopted: isOurs === false || saved !== id,
    })
  })
  return found._tag === 'Left' ? found : found.right
}

/** A data type as text. */
export const typeText = ({ name, version }: { readonly name: string; readonly version?: string }): string =>
  JSON.stringify(version === undefined ? [name] : [name, version])

/** Whether a saved type is the data type, under one of its names. */
const isOfType = (
  saved: string,
  { name, version, formerly = [] }: Pick<DataType<never, never>, 'name' | 'version' | 'formerly'>,
): boolean =>
  [name, ...formerly].some((one) => saved === typeText({ name: one, ...(version !== undefined && { version }) }))

const otherType = (saved: string): E.Left<StorageError> => {
  const [name, version] = JSON.parse(saved) as readonly [string, string?]
  return left({ _tag: 'OtherType', name, ...(version !== undefined && { version }) })
}

const readUpdates = async <S, C>(
  { table, scuttlebutt, id, onUpdates }: Reading<S, C>,
  isOurs: boolean,
): Promise<E.Either<StorageError, Replica<S, C>>> => {
  const { dataType, create } = scuttlebutt
  const [decode, asUnread] = [decodeFrozen(dataType)({}), unreadOf(dataType)({})]
  let { state, log, clock } = create(id)
  let count = 0
  for await (const entries of table.pieces(UPDATES)) {
    const updates: Update<C>[] = []
    for (const [key, text] of entries) {
      const decoded = decode(frozen(text))
      if (decoded._tag === 'Right') {
        updates.push(decoded.right)
        continue
      }
      // a replica of 0.1 does not say what it is
      const unread = isOurs || count + updates.length > 0 ? asUnread(decoded.left) : undefined
      if (unread === undefined) return left({ _tag: 'Rejected', key, rejection: decoded.left })
      log = Unread.add(unread)(log)
    }
    if (updates.length === 0) continue
    state = dataType.apply(updates)(state).state
    // holds superseded updates too: as proofs of a fork the log had them
    log = Log.add(updates)(log)
    clock = Clock.advanceAll(updates)(clock)
    count += updates.length
    onUpdates(count)
  }
  for await (const text of texts(table, UNREAD)) log = Unread.add(frozen(text) as Update<unknown>)(log)
  for (const update of Unread.all(log)) clock = Clock.advance(update)(clock)
  return right({ id, state, log, clock })
}

/** JSON, frozen. Undefined, which is no update, for other text. */
const frozen = (text: string): unknown => {
  try {
    return Json.freeze(JSON.parse(text), Infinity)
  } catch {
    return undefined
  }
}

async function* texts(table: Table, range: Range): AsyncIterable<string> {
  for await (const entries of table.pieces(range)) for (const [, text] of entries) yield text
}

/** The clock also covers superseded updates, which are not in the database. */
const withClock = async <S, C>(table: Table, replica: Replica<S, C>): Promise<Replica<S, C>> => {
  const seen: [SourceId, Timestamp.Timestamp][] = []
  for await (const text of texts(table, SOURCES)) seen.push(JSON.parse(text) as [SourceId, Timestamp.Timestamp])
  const [floor] = await table.getMany([FLOOR])
  const saved = Clock.fromRecord(Object.fromEntries(seen), Number(floor ?? Timestamp.NEVER))
  let clock = Clock.join(saved)(replica.clock)
  for await (const text of texts(table, DOUBTS)) {
    const [source, sure] = JSON.parse(text) as [SourceId, Timestamp.Timestamp]
    clock = Clock.doubtFrom(source, sure)(clock)
  }
  return { ...replica, clock }
}
