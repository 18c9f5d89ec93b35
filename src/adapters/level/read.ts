/** Reads a replica from its sublevel. */
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
import * as WireMessage from '../../wire/lines/format.js'
import { DOUBTS, FLOOR, OWNER, SOURCES, TYPE, UNREAD, UPDATES, type Sublevel } from './entries.js'
import { attempt, type LevelError } from './LevelError.js'

const UPDATES_A_READ = 4096

/** What to read, and as what. */
export interface Reading<S, C> {
  readonly sublevel: Sublevel
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
 * Reads the replica; an empty sublevel gives a new one. O(updates). Errors: `Level`, `OtherType`,
 * `OtherId`, `Rejected`.
 */
export const read = async <S, C>(reading: Reading<S, C>): Promise<E.Either<LevelError, Read<S, C>>> => {
  const { sublevel, name, scuttlebutt, id, isAdopting } = reading
  const found = await attempt('read', async () => {
    const [type, owner] = await sublevel.getMany([TYPE, OWNER])
    const isOurs = type === undefined ? undefined : isOfType(type, scuttlebutt.dataType)
    if (isOurs === false && !isAdopting) return otherType(type!)
    const saved = owner === undefined ? id : (JSON.parse(owner) as readonly [SourceId, string])[0]
    if (saved !== id && !isAdopting) return left<LevelError>({ _tag: 'OtherId', name, id: saved })
    const replica = await readUpdates(reading, isOurs === true)
    if (replica._tag === 'Left') return replica
    return right({
      replica: await withClock(sublevel, replica.right),
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

const otherType = (saved: string): E.Left<LevelError> => {
  const [name, version] = JSON.parse(saved) as readonly [string, string?]
  return left({ _tag: 'OtherType', name, ...(version !== undefined && { version }) })
}

const readUpdates = async <S, C>(
  { sublevel, scuttlebutt, id, onUpdates }: Reading<S, C>,
  isOurs: boolean,
): Promise<E.Either<LevelError, Replica<S, C>>> => {
  const { dataType, create, decode: decodeUpdate } = scuttlebutt
  const decode = WireMessage.decode(dataType)({})
  let { state, log, clock } = create(id)
  let count = 0
  const iterator = sublevel.iterator(UPDATES)
  const next = (): Promise<[string, string][]> => iterator.nextv(UPDATES_A_READ)
  try {
    for (let entries = await next(); entries.length > 0; entries = await next()) {
      const updates: Update<C>[] = []
      for (const [key, line] of entries) {
        const decoded = decode(line)
        if (decoded._tag === 'Left') return left({ _tag: 'Rejected', key, rejection: decoded.left })
        if (decoded.right._tag === 'Update') updates.push(decoded.right.update)
        else if (decoded.right._tag === 'Unread') {
          // a replica of 0.1 does not say what it is
          const rejected = isOurs || count > 0 ? undefined : decodeUpdate()(decoded.right.update)
          if (rejected?._tag === 'Left') return left({ _tag: 'Rejected', key, rejection: rejected.left })
          log = Unread.add(decoded.right.update)(log)
        }
      }
      if (updates.length === 0) continue
      state = dataType.apply(updates)(state).state
      // holds superseded updates too: as proofs of a fork the log had them
      log = Log.add(updates)(log)
      clock = Clock.advanceAll(updates)(clock)
      count += updates.length
      onUpdates(count)
    }
  } finally {
    await iterator.close()
  }
  for await (const text of sublevel.values(UNREAD)) log = Unread.add(frozen(text))(log)
  for (const update of Unread.all(log)) clock = Clock.advance(update)(clock)
  return right({ id, state, log, clock })
}

const frozen = (text: string): Update<unknown> => Json.freeze(JSON.parse(text), Infinity) as Update<unknown>

/** The clock also covers superseded updates, which are not in the database. */
const withClock = async <S, C>(sublevel: Sublevel, replica: Replica<S, C>): Promise<Replica<S, C>> => {
  const seen: [SourceId, Timestamp.Timestamp][] = []
  for await (const text of sublevel.values(SOURCES)) {
    seen.push(JSON.parse(text) as [SourceId, Timestamp.Timestamp])
  }
  const floor = Number((await sublevel.get(FLOOR)) ?? Timestamp.NEVER)
  const saved = Clock.fromRecord(Object.fromEntries(seen), floor)
  let clock = Clock.join(saved)(replica.clock)
  for await (const text of sublevel.values(DOUBTS)) {
    const [source, sure] = JSON.parse(text) as [SourceId, Timestamp.Timestamp]
    clock = Clock.doubtFrom(source, sure)(clock)
  }
  return { ...replica, clock }
}
