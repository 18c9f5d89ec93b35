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
import { EXCERPT } from '../../core/Rejection.js'
import { stampOf, type SourceId, type Update } from '../../core/Update.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import { decodeFrozen, unreadOf } from '../../wire/decode.js'
import { DOUBTED, FLOOR, OWNER, SOURCE, TYPE, UNREAD_UPDATE, UPDATE, type Entry, type Table } from './entries.js'
import { attempt, type StorageError } from './StorageError.js'

/** What to read, and as what. */
export interface ReadOptions<S, C> {
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

/** What the database says of the data type, of the id and of who wrote last: see `entries`. */
export interface Header {
  readonly type: string | undefined
  readonly owner: string | undefined
}

export interface Read<S, C> extends Header {
  readonly replica: Replica<S, C>
  /** The replica had another id, data type or version. */
  readonly isAdopted: boolean
}

/**
 * Reads the replica; an empty table gives a new one. O(updates). Errors: `Failure`, `OtherType`,
 * `OtherId`, `Rejected`.
 */
export const read = async <S, C>(options: ReadOptions<S, C>): Promise<E.Either<StorageError, Read<S, C>>> => {
  const found = await attempt('read', async () => {
    const rest = new Map<string, Entry[]>()
    const updates = createReader(options)
    let header: E.Either<StorageError, ReadHeader> | undefined
    for await (const entries of options.table.entries()) {
      const lines: Entry[] = []
      for (const entry of entries) {
        const [[kind]] = entry
        const others = rest.get(kind!)
        if (kind === UPDATE) lines.push(entry)
        else if (others === undefined) rest.set(kind!, [entry])
        else others.push(entry)
      }
      if (lines.length === 0) continue
      header ??= headerOf(options, rest)
      const failed = header._tag === 'Left' ? header : updates.take(lines, header.right.isKnown)
      if (failed !== undefined) return failed
    }
    // updates come last, if there are any
    header ??= headerOf(options, rest)
    if (header._tag === 'Left') return header
    return right({ ...header.right, replica: withRest(updates.replica(), rest) })
  })
  return found._tag === 'Left' ? found : found.right
}

interface ReadHeader extends Omit<Read<never, never>, 'replica'> {
  /** The database says that it is of this data type. One of 0.1 does not say what it is. */
  readonly isKnown: boolean
}

/** The entries that are no updates, by kind, in the order of their keys. */
type Rest = ReadonlyMap<string, ReadonlyArray<Entry>>

const headerOf = <S, C>(
  { name, scuttlebutt, id, isAdopting }: ReadOptions<S, C>,
  rest: Rest,
): E.Either<StorageError, ReadHeader> => {
  const [typeEntry, ownerEntry] = [TYPE, OWNER].map((kind) => rest.get(kind)?.[0])
  const [type, owner] = [typeEntry?.[1], ownerEntry?.[1]]
  const isKnown = type !== undefined && isOfType(type, scuttlebutt.dataType)
  const isOther = type !== undefined && !isKnown
  if (isOther && !isAdopting) return otherType(typeEntry!)
  const saved = ownerEntry === undefined ? id : valueIn(ownerEntry, isNamed)[0]
  if (saved !== id && !isAdopting) return left({ _tag: 'OtherId', name, id: saved })
  return right({ type, owner, isAdopted: isOther || saved !== id, isKnown })
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

const otherType = (saved: Entry): E.Left<StorageError> => {
  const [name, version] = valueIn(saved, isNamed)
  return left({ _tag: 'OtherType', name, ...(typeof version === 'string' && { version }) })
}

/** Whether it is a list that begins with a name. */
const isNamed = (list: unknown): list is readonly [string, unknown?] =>
  Array.isArray(list) && typeof list[0] === 'string'

/** Whether it is a source with a timestamp, or `NEVER`. */
const isStamp = (list: unknown): list is readonly [SourceId, Timestamp.Timestamp] => isNamed(list) && isTime(list[1])

/** The value of an entry. Throws for one that is damaged: `read` makes it a `Failure`. */
const valueIn = <A>([key, text]: Entry, is: (value: unknown) => value is A): A => {
  const value = frozen(text)
  if (is(value)) return value
  throw new SyntaxError(`the entry ${JSON.stringify(key)} is damaged: ${text.slice(0, EXCERPT)}`)
}

/** Reads updates piece by piece. */
const createReader = <S, C>({ scuttlebutt, id, onUpdates }: ReadOptions<S, C>) => {
  const { dataType, create } = scuttlebutt
  const [decode, asUnread] = [decodeFrozen(dataType)({}), unreadOf(dataType)({})]
  let { state, log, clock } = create(id)
  let count = 0
  return {
    replica: (): Replica<S, C> => ({ id, state, log, clock }),
    take: (lines: ReadonlyArray<Entry>, isKnown: boolean): E.Left<StorageError> | undefined => {
      const updates: Update<C>[] = []
      for (const [key, text] of lines) {
        const decoded = decode(frozen(text))
        if (decoded._tag === 'Right') {
          updates.push(decoded.right)
          continue
        }
        const unread = isKnown || count + updates.length > 0 ? asUnread(decoded.left) : undefined
        if (unread === undefined) return left({ _tag: 'Rejected', key, rejection: decoded.left })
        log = Unread.add(unread)(log)
      }
      if (updates.length === 0) return undefined
      state = dataType.apply(updates)(state).state
      // holds superseded updates too: as proofs of a fork the log had them
      log = withPiece(updates, log)
      clock = Clock.advanceAll(updates)(clock)
      count += updates.length
      onUpdates(count)
      return undefined
    },
  }
}

/** The contents of one stamp may lie in two pieces. */
const withPiece = <C>(updates: ReadonlyArray<Update<C>>, log: Log.Log<C>): Log.Log<C> => {
  const begin = updates.findIndex((update) => Log.find(update)(log) === undefined)
  const forks = begin === -1 ? updates : updates.slice(0, begin)
  return Log.add(updates.slice(forks.length))(forks.reduce((next, update) => Log.fork(update)(next), log))
}

const isUpdate = (value: unknown): value is Update<unknown> => stampOf(value) !== undefined

/** A timestamp, or `NEVER`. */
const isTime = (value: unknown): value is Timestamp.Timestamp => value === Timestamp.NEVER || Timestamp.is(value)

/** JSON, frozen. Undefined, which is no update, for other text. */
const frozen = (text: string): unknown => {
  try {
    return Json.freeze(JSON.parse(text), Infinity)
  } catch {
    return undefined
  }
}

/** The clock also covers superseded updates, which are not in the database. */
const withRest = <S, C>({ log: read, clock: reached, ...replica }: Replica<S, C>, rest: Rest): Replica<S, C> => {
  const all = (kind: string): ReadonlyArray<Entry> => rest.get(kind) ?? []
  const stamps = (kind: string) => all(kind).map((entry) => valueIn(entry, isStamp))
  const log = all(UNREAD_UPDATE).reduce((next, entry) => Unread.add(valueIn(entry, isUpdate))(next), read)
  const [floor = Timestamp.NEVER] = all(FLOOR).map((entry) => valueIn(entry, isTime))
  const saved = Clock.fromRecord(Object.fromEntries(stamps(SOURCE)), floor)
  const seen = Clock.advanceAll(Unread.all(log))(reached)
  const clock = stamps(DOUBTED).reduce(
    (next, [source, sure]) => Clock.doubtFrom(source, sure)(next),
    Clock.join(saved)(seen),
  )
  return { ...replica, log, clock }
}
