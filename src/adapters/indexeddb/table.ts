/** The entries of a replica in an IndexedDB database of its own. */
import type { SourceId } from '../../core/Update.js'
import { ENTRIES_A_READ, OWNER, type Entry, type Operation, type Table } from '../storage/entries.js'
import { randomText } from '../storage/writer.js'

/** The one object store: text by text. */
const STORE = 'scuttlebutt'

/** Opens the database. `lose` is called when somebody deletes it, or the browser closes it. */
export const open = (factory: IDBFactory, name: string, lose?: () => void): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    const request = factory.open(name, 1)
    request.onupgradeneeded = () => {
      request.result.createObjectStore(STORE)
    }
    request.onsuccess = () => {
      const db = request.result
      // somebody deletes the database: who holds it open would block that
      db.onversionchange = () => {
        db.close()
        lose?.()
      }
      db.onclose = lose ?? null
      resolve(db)
    }
    request.onerror = () => {
      reject(request.error!)
    }
  })

export const tableOf = (db: IDBDatabase): Table => ({
  getMany: (keys) =>
    transact(db, 'readonly', (store) => {
      const requests = keys.map((key) => store.get(key) as IDBRequest<string | undefined>)
      return () => requests.map(({ result }) => result)
    }),
  entries: () => entries(db),
  batch: (operations, owner) => write(db, operations, owner),
})

/** One transaction, on the disk itself when it ends. `act` gives what reads its result then. */
const transact = <A>(db: IDBDatabase, mode: IDBTransactionMode, act: (store: IDBObjectStore) => () => A): Promise<A> =>
  new Promise((resolve, reject) => {
    const transaction = db.transaction(STORE, mode, { durability: 'strict' })
    const result = act(transaction.objectStore(STORE))
    transaction.oncomplete = () => {
      resolve(result())
    }
    transaction.onabort = () => {
      // whoever aborts it by hand leaves no error
      reject(transaction.error ?? new DOMException('aborted', 'AbortError'))
    }
  })

/** All in one transaction, which ends once nothing more is asked in the turn of an answer. */
async function* entries(db: IDBDatabase): AsyncIterable<ReadonlyArray<Entry>> {
  const store = db.transaction(STORE).objectStore(STORE)
  for (let range: IDBKeyRange | undefined; ;) {
    const [keys, texts] = await Promise.all([
      resultOf(store.getAllKeys(range, ENTRIES_A_READ) as IDBRequest<string[]>),
      resultOf(store.getAll(range, ENTRIES_A_READ) as IDBRequest<string[]>),
    ])
    if (keys.length === 0) return
    yield keys.map((key, i) => [key, texts[i]!])
    range = IDBKeyRange.lowerBound(keys.at(-1), true)
  }
}

const resultOf = <A>(request: IDBRequest<A>): Promise<A> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => {
      resolve(request.result)
    }
    request.onerror = () => {
      reject(request.error!)
    }
  })

/** Looks in its transaction who wrote last, and writes if that is `owner`. */
const write = async (
  db: IDBDatabase,
  operations: ReadonlyArray<Operation>,
  owner: string | undefined,
): Promise<void> => {
  const isOurs = await transact(db, 'readwrite', (store) => {
    const found = store.get(OWNER) as IDBRequest<string | undefined>
    found.onsuccess = () => {
      if (found.result === owner) for (const one of operations) put(store, one)
    }
    return () => found.result === owner
  })
  if (!isOurs) throw new DOMException('another tab wrote', TAKEN)
}

const put = (store: IDBObjectStore, one: Operation): void => {
  if (one.type === 'put') store.put(one.value, one.key)
  else store.delete(one.key)
}

/** The code of a failure: the database is closed. */
export const CLOSED = 'InvalidStateError'

/** The code of a failure: another one wrote last. */
export const TAKEN = 'TAKEN'

/**
 * Makes another one the last who wrote, after whatever is under way. The id stays, if there is one.
 */
export const claim = (db: IDBDatabase, id: SourceId): Promise<string> =>
  modify(db, OWNER, (owner = JSON.stringify([id])) =>
    JSON.stringify([(JSON.parse(owner) as [SourceId])[0], randomText()]),
  )

/** Counts in a transaction of its own, whoever writes the replica. Gives the next number. */
export const countUp = async (db: IDBDatabase, key: string): Promise<number> =>
  Number(await modify(db, key, (count = '0') => String(Number(count) + 1)))

const modify = (db: IDBDatabase, key: string, change: (text?: string) => string): Promise<string> =>
  transact(db, 'readwrite', (store) => {
    const found = store.get(key) as IDBRequest<string | undefined>
    let next = ''
    found.onsuccess = () => {
      next = change(found.result)
      store.put(next, key)
    }
    return () => next
  })
