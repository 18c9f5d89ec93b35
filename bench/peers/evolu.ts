/**
 * Evolu: a table in SQLite, of one user with many devices, which meet at a relay.
 *
 * It is imported when it is checked, since it is not among our dependencies. It asks for Node 22:
 * of that, `lacking` makes what an older Node has not.
 */
import type Database from 'better-sqlite3'
import type { Driver, Result, Sqlite } from '@evolu/common'
import type { Change, Listener, Platform, Worker } from '@evolu/common/local-first'
import { WebSocket } from 'ws'
import { peerLater, turns, word, type AdapterLater, type Edits, type Peer } from './peer.js'

const lacking = (): void => {
  define(globalThis, 'WebSocket', WebSocket)
  define(Set.prototype, 'difference', function (this: Set<unknown>, other: Set<unknown>) {
    return new Set([...this].filter((item) => !other.has(item)))
  })
  define(Promise, 'withResolvers', () => {
    let settle = {}
    const promise = new Promise((resolve, reject) => {
      settle = { resolve, reject }
    })
    return { promise, ...settle }
  })
}

const define = (to: object, name: string, value: unknown): void => {
  if (!(name in to)) Object.defineProperty(to, name, { value, configurable: true, writable: true })
}

const load = async () => {
  lacking()
  const common = await import('@evolu/common')
  const first = await import('@evolu/common/local-first')
  const { default: Db } = await import('better-sqlite3')
  const random = common.createRandom()
  const randomBytes = common.createRandomBytes()
  const owner = first.createAppOwner(first.createOwnerSecret({ randomBytes }))
  return { ...common, ...first, Db, random, randomBytes, owner }
}

type Evolu = Awaited<ReturnType<typeof load>>

const driver = (db: Database): Driver => {
  const statements = new Map<string, ReturnType<Database['prepare']>>()
  const prepared = (sql: string) => {
    const statement = statements.get(sql) ?? db.prepare(sql)
    statements.set(sql, statement)
    return statement
  }
  return {
    exec: ({ sql, parameters }, isMutation) =>
      isMutation
        ? { rows: [], changes: prepared(sql).run(parameters).changes }
        : { rows: prepared(sql).all(parameters), changes: 0 },
    export: () => db.serialize(),
    [Symbol.dispose]: () => {
      db.close()
    },
  }
}

const valueOf = <A>({ ok, value, error }: Result<A>): A => {
  if (!ok) throw new Error(JSON.stringify(error))
  return value
}

const sqliteOf = async ({ createSqlite }: Evolu, db: Database): Promise<Sqlite> =>
  valueOf(await createSqlite({ createSqliteDriver: () => Promise.resolve(driver(db)) })('relay'))

/** A relay that has heard nothing, as bytes. */
const emptyRelay = async (evolu: Evolu): Promise<Uint8Array> => {
  const db = new evolu.Db(':memory:')
  const sqlite = await sqliteOf(evolu, db)
  valueOf(evolu.createBaseSqliteStorageTables({ sqlite }))
  valueOf(evolu.createRelayStorageTables({ sqlite }))
  return db.serialize()
}

/** Answers protocol messages. */
type Answer = (message: Uint8Array) => Promise<Uint8Array>

interface Replica {
  readonly columns: ReadonlyArray<string>
  readonly db: Database
  readonly worker: Worker
  readonly errors: unknown[]
  now: number
  /** The server of its socket, while that is open. */
  answer?: Answer | undefined
  socket?: Listener
  /** How many messages went over the socket. */
  said: number
}

/** Wall clocks start here. */
const START = 1_700_000_000_000

const platform = (evolu: Evolu, replica: Replica): Platform => ({
  console: evolu.createConsole(),
  random: evolu.random,
  randomBytes: evolu.randomBytes,
  time: { now: () => replica.now, nowIso: () => new Date(replica.now).toISOString() },
  createSqliteDriver: () => Promise.resolve(driver(replica.db)),
  createWebSocket: (_, listener) => {
    replica.socket = listener
    const send = async (message: Uint8Array): Promise<void> => {
      replica.said++
      const answer = await replica.answer!(message)
      replica.said++
      listener.onMessage(Uint8Array.from(answer).buffer)
    }
    return {
      isOpen: () => replica.answer !== undefined,
      getReadyState: () => (replica.answer === undefined ? 'closed' : 'open'),
      send: (message) => {
        send(message).catch((error: unknown) => replica.errors.push(error))
        return { ok: true, value: undefined, error: undefined }
      },
      [Symbol.dispose]: () => undefined,
    }
  },
})

const ROWS = ['x', 'y'].map((name) => name.padEnd(22, 'A'))
const COLUMNS = ['a', 'b']

/** Opens a device, by what is on its disk and the columns that its program knows. */
const open = async (evolu: Evolu, disk: Uint8Array | ':memory:', columns: ReadonlyArray<string>): Promise<Replica> => {
  const errors: unknown[] = []
  const replica = { db: new evolu.Db(disk), columns, errors, now: START, said: 0 } as unknown as Replica & {
    worker: Worker
  }
  replica.worker = evolu.createDbWorkerForPlatform(platform(evolu, replica))
  replica.worker.onMessage(({ type, error }) => {
    if (type === 'onError') errors.push(error)
  })
  replica.worker.postMessage({
    type: 'init',
    dbSchema: { tables: { items: new Set(columns) }, indexes: [] },
    config: {
      name: 'device',
      transports: [{ type: 'WebSocket', url: 'ws://relay' }],
      maxDrift: 5 * 60 * 1000,
      externalAppOwner: evolu.owner,
    },
  })
  await turns(2)
  return replica
}

/** Opens the socket to a relay until both have nothing more to say. Gives the relay after that. */
const meet = async (evolu: Evolu, replica: Replica, image: Uint8Array): Promise<Uint8Array> => {
  const relay = new evolu.Db(image)
  const sqlite = await sqliteOf(evolu, relay)
  const storage = evolu.createRelaySqliteStorage({
    sqlite,
    random: evolu.random,
    timingSafeEqual: (a, b) => Buffer.compare(a, b) === 0,
  })({ onStorageError: (error) => replica.errors.push(error), isOwnerWithinQuota: () => true })
  replica.answer = async (message) => valueOf(await evolu.applyProtocolMessageAsRelay({ storage })(message)).message
  replica.socket!.onOpen()
  for (let before = -1; before !== replica.said;) {
    before = replica.said
    await turns(3)
  }
  replica.answer = undefined
  const after = relay.serialize()
  relay.close()
  told(replica)
  return after
}

/** Throws what the worker told of. */
const told = ({ errors }: Replica): void => {
  if (errors.length > 0) throw new Error(errors.map((error) => JSON.stringify(error)).join(', '))
}

/** Changes a row, as far as the program knows of it. */
const mutate = (replica: Replica, row: number, now: number, ...made: ReadonlyArray<Partial<Change>>): void => {
  const { worker, columns } = replica
  replica.now = START + now
  const id = ROWS[row % ROWS.length]!
  const changes = made.map(({ values = {}, isInsert = false, isDelete = null }): Change => {
    const known = Object.entries(values).filter(([column]) => columns.includes(column))
    return { table: 'items', id, values: Object.fromEntries(known), isInsert, isDelete }
  })
  worker.postMessage({ type: 'mutate', tabId: id, changes, onCompleteIds: [], subscribedQueries: [] })
  told(replica)
}

const edits: Edits<Replica> = {
  insert: (replica, a, b, now) => {
    mutate(replica, a, now, { values: { a: b, b: word(a) }, isInsert: true })
  },
  update: (replica, a, b, now) => {
    mutate(replica, a, now, { values: { [COLUMNS[b % 2]!]: b } })
  },
  // so many that what is the same is found by fingerprints of ranges
  updateOften: (replica, a, b, now) => {
    mutate(replica, a, now, ...Array.from({ length: 16 }, (_, i) => ({ values: { a: b + i } })))
  },
  deleteRow: (replica, a, _, now) => {
    mutate(replica, a, now, { isDelete: true })
  },
  restore: (replica, a, _, now) => {
    mutate(replica, a, now, { isDelete: false })
  },
}

const rowsOf = ({ db }: Replica): unknown => db.prepare('select * from items order by id').all()

/** The columns that the program of a replica knows. */
type Program = (index: number) => ReadonlyArray<string>

const newest: Program = () => COLUMNS
const oldAndNew: Program = (index) => (index % 2 === 0 ? COLUMNS : COLUMNS.slice(0, 1))

/** A message is a relay that the sender alone has met. Old programs are shown as once updated. */
const byRelays = async (evolu: Evolu, program: Program): Promise<AdapterLater<Replica, () => Uint8Array>> => {
  const empty = await emptyRelay(evolu)
  return {
    edits,
    create: (_, { index }) => open(evolu, ':memory:', program(index)),
    send: () => async (replica) => {
      const relay = await meet(evolu, replica, empty)
      return () => relay
    },
    receive:
      (relay, { now }) =>
      async (replica) => {
        replica.now = START + now
        await meet(evolu, replica, relay())
      },
    save: ({ db }) => db.serialize(),
    load: (saved, _, { index }) => open(evolu, saved as Uint8Array, program(index)),
    show: async (replica) =>
      rowsOf(replica.columns === COLUMNS ? replica : await open(evolu, replica.db.serialize(), COLUMNS)),
  }
}

const row = (type: string, promise: string, program: Program): Peer => {
  const about = { library: '@evolu/common', type, promise }
  return {
    ...about,
    check: async (options) => peerLater(about, await byRelays(await load(), program)).check(options),
  }
}

export const evolu: ReadonlyArray<Peer> = [
  row(
    'a table, protocol messages of a relay',
    '"conflict-free merging using last-write-win CRDT" (local-first/Db.ts), of each column, by hybrid clocks',
    newest,
  ),
  row(
    'a table, protocol messages of a relay, old and new programs',
    'what an old program does not know "is preserved and can be applied when the app is updated" (local-first/Db.ts)',
    oldAndNew,
  ),
]
