/** scuttlebutt-ts/level: replicas in a database: LevelDB in Node, IndexedDB in browsers, or memory. */
import type { AbstractBatchOperation, AbstractLevel } from 'abstract-level'
import type { either as E, taskEither as TE } from 'fp-ts'
import * as Clock from '../core/Clock.js'
import * as Log from '../core/Log.js'
import * as rejections from '../core/Rejection.js'
import type * as Replica from '../core/Replica.js'
import * as SortedMap from '../structures/SortedMap.js'
import * as Timestamp from '../core/Timestamp.js'
import type { SourceId, Update } from '../core/Update.js'
import type { Rejection, Scuttlebutt } from '../scuttlebutt.js'
import * as WireMessage from '../wire/lines/format.js'
import type { DurableStore } from './file/open.js'
import * as names from './names.js'
import { createStore, type StoreOptions } from './store.js'

/**
 * A database of any kind: `classic-level`, `browser-level`, `memory-level`, with whatever keys and values: ours are in sublevels of
 * our own, and what it holds beside them is left alone.
 */
export interface Level {
  readonly open: () => Promise<void>
  readonly sublevel: (name: string | string[]) => unknown
}

/** Why a replica cannot be opened, or what was applied is not in the database. */
export type LevelError =
  /** The database refused. `code` is its own: LEVEL_LOCKED, LEVEL_DATABASE_NOT_OPEN, LEVEL_CORRUPTION. */
  | { readonly _tag: 'Level'; readonly operation: string; readonly code: string; readonly reason: string }
  /** It is open already, on this very database. */
  | { readonly _tag: 'Locked'; readonly name: string }
  /** What stands under a key is no update of this data type. */
  | { readonly _tag: 'Rejected'; readonly key: string; readonly rejection: Rejection }
  /** The store was closed. */
  | { readonly _tag: 'Closed'; readonly name: string }

/** A level error in a sentence. */
export const showLevelError = ({ _tag, ...details }: LevelError): string => {
  const parts = Object.values(details).map((detail) => (typeof detail === 'string' ? detail : rejections.show(detail)))
  return `${_tag}: ${parts.join(', ')}`
}

export interface LevelOptions<S, C> extends Omit<StoreOptions<S, C>, 'replica'> {
  /** Which replica of those in the database. Any string. Default: the replica's id. */
  readonly name?: string
  /** Whether what is acknowledged must be on the disk itself, where the database can say so. Default true. */
  readonly sync?: boolean
  /** Is told how many updates were read, about every few thousand. */
  readonly progress?: (progress: { readonly updates: number }) => void
}

export type LevelStore<S, C> = DurableStore<S, C, LevelError>

/** All that is ours in a database. */
const ROOT = 'scuttlebutt'

/** In use, by database. */
const open = new WeakMap<Level, Set<string>>()

/**
 * Opens a store on a replica in a database, or makes it. Only what is not superseded is there, so only that is read: O(updates
 * held). Each round of changes, of one batch or of those that came while the one before was written, goes in as one atomic batch:
 * O(d log u) for d updates that came or went of u.
 *
 * The database is the caller's: `close` closes the store alone. Errors: `Level`, `Locked`, `Rejected`.
 *
 * @example
 * import { MemoryLevel } from 'memory-level'
 * const db = new MemoryLevel()
 * const store = unwrap(await openLevel(db, scuttlebutt(Model.of(t.number)), 'alice')())
 * store.change(Model.set('x', 1))
 * await store.close() // => E.right(undefined)
 * const again = unwrap(await openLevel(db, scuttlebutt(Model.of(t.number)), 'alice')())
 * Model.toJSON(again.getReplica().state) // => { x: 1 }
 * await namesIn(db)() // => E.right(['alice'])
 */
export const openLevel =
  <S, C>(
    db: Level,
    scuttlebutt: Scuttlebutt<S, C>,
    id: SourceId,
    options: LevelOptions<S, C> = {},
  ): TE.TaskEither<LevelError, LevelStore<S, C>> =>
  async () => {
    const { name = id, sync = true, progress, ...storeOptions } = options
    const inUse = open.get(db) ?? new Set()
    open.set(db, inUse)
    if (inUse.has(name)) return wrong({ _tag: 'Locked', name })
    inUse.add(name)
    const level = await attempt('open', () => openReplica(db, name))
    const loaded = level._tag === 'Left' ? level : await load(level.right, scuttlebutt, id, progress)
    if (level._tag === 'Left' || loaded._tag === 'Left') {
      inUse.delete(name)
      return loaded as E.Left<LevelError>
    }
    const store = createStore(scuttlebutt, id, { ...storeOptions, replica: loaded.right })
    const writer = new Writer(level.right, scuttlebutt, store.getReplica, name, sync)
    store.subscribe(() => {
      writer.wake()
    })
    const close = async (): Promise<E.Either<LevelError, void>> => {
      const closed = await writer.close()
      if (closed._tag === 'Right') inUse.delete(name)
      return closed
    }
    const flushed = (): Promise<E.Either<LevelError, void>> => writer.flush()
    return right({ ...store, flushed, close, compact: flushed })
  }

/** A replica's part of a database: text by text. */
type Part = AbstractLevel<unknown, string, string>

const openReplica = async (db: Level, name: string): Promise<Part> => {
  await db.open()
  const part = db.sublevel([ROOT, names.encode(name)]) as Part
  await part.open()
  return part
}

/** The names of the replicas in a database, sorted. O(replicas). */
export const namesIn =
  (db: Level): TE.TaskEither<LevelError, ReadonlyArray<string>> =>
  () =>
    attempt('list', async () => {
      await db.open()
      const root = db.sublevel(ROOT) as Part
      const found: string[] = []
      let after = '!'
      for (;;) {
        const [key] = await root.keys({ gt: after, lt: '"', limit: 1 }).all()
        if (key === undefined) return found.sort()
        const name = key.slice(1, key.indexOf('!', 1))
        found.push(names.decode(name))
        after = `!${name}"`
      }
    })

/** What is in a replica's part: an update each, by source and stamp; what was seen of each source; up to where all was. */
const UPDATE = 'u'
const SOURCE = 's'
const FLOOR = 'f'

/** Of text that sorts as sources and stamps do within one, and ends before any other source's. */
const sourceKey = (kind: string, source: SourceId): string => `${kind}${names.encode(source)}!`

/** Positive doubles sort by their bits. */
const stampKey = (timestamp: Timestamp.Timestamp): string => {
  const bytes = new DataView(new ArrayBuffer(8))
  bytes.setFloat64(0, timestamp)
  return bytes.getBigUint64(0).toString(16).padStart(16, '0')
}

const updateKey = ([, timestamp, source]: Update<unknown>, depth: number): string =>
  sourceKey(UPDATE, source) + stampKey(timestamp) + (depth === 0 ? '' : `!${String(depth)}`)

/** Updates that are read and applied at once. */
const PIECE = 4096

const load = async <S, C>(
  part: Part,
  scuttlebutt: Scuttlebutt<S, C>,
  id: SourceId,
  progress: LevelOptions<S, C>['progress'],
): Promise<E.Either<LevelError, Replica.Replica<S, C>>> => {
  const decode = WireMessage.decode(scuttlebutt.dataType)({})
  const read = await attempt('read', async (): Promise<E.Either<LevelError, Replica.Replica<S, C>>> => {
    const { dataType } = scuttlebutt
    let { state, log, clock } = scuttlebutt.create(id)
    let count = 0
    const updates = part.iterator({ gt: UPDATE, lt: `${UPDATE}~` })
    try {
      for (let entries = await updates.nextv(PIECE); entries.length > 0; entries = await updates.nextv(PIECE)) {
        const piece: Update<C>[] = []
        for (const [key, text] of entries) {
          const decoded = decode(text)
          if (decoded._tag === 'Left') return wrong({ _tag: 'Rejected', key, rejection: decoded.left })
          if (decoded.right._tag === 'Update') piece.push(decoded.right.update)
        }
        state = dataType.apply(piece)(state).state
        // all that is there is held, proofs too, whatever supersedes it: as it was
        log = Log.add(piece)(log)
        clock = Clock.advanceAll(piece)(clock)
        count += piece.length
        progress?.({ updates: count })
      }
    } finally {
      await updates.close()
    }
    const seen: [SourceId, Timestamp.Timestamp][] = []
    for await (const text of part.values({ gt: SOURCE, lt: `${SOURCE}~` })) {
      seen.push(JSON.parse(text) as [SourceId, Timestamp.Timestamp])
    }
    const floor = Number((await part.get(FLOOR)) ?? Timestamp.NEVER)
    return right({ id, state, log, clock: Clock.join(Clock.fromRecord(Object.fromEntries(seen), floor))(clock) })
  })
  return read._tag === 'Left' ? read : read.right
}

type Operation = AbstractBatchOperation<Part, string, string>

/** Brings the difference between two versions of a replica to the database: what is there, and what is here. */
class Writer<S, C> {
  private saved: Replica.Replica<S, C>
  private running: Promise<E.Either<LevelError, void>> | undefined
  private closed = false
  private readonly part: Part
  private readonly encode: (update: Update<C>) => string
  private readonly current: () => Replica.Replica<S, C>
  private readonly name: string
  private readonly sync: boolean

  constructor(
    part: Part,
    { dataType }: Scuttlebutt<S, C>,
    current: () => Replica.Replica<S, C>,
    name: string,
    sync: boolean,
  ) {
    const encodeMessage = WireMessage.encode(dataType)
    this.part = part
    this.encode = (update) => encodeMessage({ _tag: 'Update', update }).trimEnd()
    this.current = current
    this.saved = current()
    this.name = name
    this.sync = sync
  }

  /** There may be something to write. */
  wake(): void {
    if (this.running === undefined && !this.closed) void this.flush()
  }

  /** Resolves when what is there now is written, or cannot be for now. */
  async flush(): Promise<E.Either<LevelError, void>> {
    const wanted = this.current()
    if (this.closed) return this.saved === wanted ? right(undefined) : wrong({ _tag: 'Closed', name: this.name })
    // one that began before says nothing of what came since
    while (this.running !== undefined) await this.running
    if (this.saved === this.current()) return right(undefined)
    this.running = this.round().finally(() => {
      this.running = undefined
    })
    return this.running
  }

  async close(): Promise<E.Either<LevelError, void>> {
    const flushed = await this.flush()
    if (flushed._tag === 'Right') this.closed = true
    return flushed
  }

  private async round(): Promise<E.Either<LevelError, void>> {
    const next = this.current()
    const operations = this.difference(this.saved, next)
    const wrote = await attempt('write', () => this.part.batch(operations, { sync: this.sync } as object))
    if (wrote._tag === 'Left') return wrote
    this.saved = next
    // what came up meanwhile
    if (this.current() !== next)
      queueMicrotask(() => {
        this.wake()
      })
    return wrote
  }

  private difference(before: Replica.Replica<S, C>, after: Replica.Replica<S, C>): Operation[] {
    const operations: Operation[] = []
    const put = (key: string, value: string): void => void operations.push({ type: 'put', key, value })
    const remove = (key: string): void => void operations.push({ type: 'del', key })
    Log.forEachAdded(before.log, after.log, (update, depth) => {
      put(updateKey(update, depth), this.encode(update))
    })
    Log.forEachAdded(after.log, before.log, (update, depth) => {
      if (depth > 0 || Log.find(update)(after.log) === undefined) remove(updateKey(update, depth))
    })
    const [seen, sees] = [before.clock.timestamps, after.clock.timestamps]
    SortedMap.forEachChange(Clock.bySource, seen, sees, (source, timestamp) => {
      put(sourceKey(SOURCE, source), JSON.stringify([source, timestamp]))
    })
    SortedMap.forEachChange(Clock.bySource, sees, seen, (source) => {
      if (SortedMap.get(Clock.bySource, sees, source) === undefined) remove(sourceKey(SOURCE, source))
    })
    if (after.clock.floor !== before.clock.floor) put(FLOOR, String(after.clock.floor))
    return operations
  }
}

const wrong = (error: LevelError): E.Left<LevelError> => ({ _tag: 'Left', left: error })

const right = <A>(value: A): E.Right<A> => ({ _tag: 'Right', right: value })

const attempt = async <A>(operation: string, act: () => Promise<A>): Promise<E.Either<LevelError, A>> => {
  try {
    return right(await act())
  } catch (error) {
    const { code, cause } = error as { readonly code?: string; readonly cause?: { readonly code?: string } }
    return wrong({ _tag: 'Level', operation, code: cause?.code ?? code ?? '', reason: String(error) })
  }
}
