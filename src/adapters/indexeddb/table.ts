/** The entries of a replica in an IndexedDB database of its own. */
import { OWNER, type Operation, type Range, type Table } from '../storage/entries.js'

/** The one object store: text by text. */
const STORE = 'scuttlebutt'

export const open = (factory: IDBFactory, name: string): Promise<IDBDatabase> =>
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
      }
      resolve(db)
    }
    request.onerror = () => {
      reject(failure(request.error))
    }
  })

export const tableOf = (db: IDBDatabase): Table => ({
  getMany: (keys) => read(db, (store) => keys.map((key) => store.get(key) as IDBRequest<string | undefined>)),
  pieces: (range) => pieces(db, range),
  batch: (operations, owner) => write(db, operations, owner),
})

/** One transaction, on the disk itself when it ends. `act` gives what reads its result then. */
const transact = <A>(db: IDBDatabase, mode: IDBTransactionMode, act: (store: IDBObjectStore) => () => A): Promise<A> =>
  new Promise((resolve, reject) => {
    try {
      const transaction = db.transaction(STORE, mode, { durability: 'strict' })
      const result = act(transaction.objectStore(STORE))
      transaction.oncomplete = () => {
        resolve(result())
      }
      transaction.onabort = () => {
        reject(failure(transaction.error))
      }
    } catch (error) {
      reject(failure(error as DOMException))
    }
  })

const read = <A>(
  db: IDBDatabase,
  ask: (store: IDBObjectStore) => ReadonlyArray<IDBRequest<A>>,
): Promise<ReadonlyArray<A>> =>
  transact(db, 'readonly', (store) => {
    const requests = ask(store)
    return () => requests.map(({ result }) => result)
  })

const ENTRIES_A_READ = 4096

async function* pieces(db: IDBDatabase, { gt, lt }: Range): AsyncIterable<ReadonlyArray<readonly [string, string]>> {
  for (let after = gt; ;) {
    const range = IDBKeyRange.bound(after, lt, true, true)
    const [keys, texts] = await read<unknown[]>(db, (store) => [
      store.getAllKeys(range, ENTRIES_A_READ) as IDBRequest<unknown[]>,
      store.getAll(range, ENTRIES_A_READ),
    ])
    if (keys!.length === 0) return
    yield keys!.map((key, i) => [key as string, texts![i] as string])
    after = keys!.at(-1) as string
  }
}

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
  if (!isOurs) throw Object.assign(new Error('another tab wrote'), { code: TAKEN })
}

const put = (store: IDBObjectStore, one: Operation): void => {
  if (one.type === 'put') store.put(one.value, one.key)
  else store.delete(one.key)
}

/** The code of a failure: another one wrote last. */
export const TAKEN = 'TAKEN'

/** Counts in a transaction of its own, whoever writes the replica. Gives the next number. */
export const next = (db: IDBDatabase, key: string): Promise<number> =>
  transact(db, 'readwrite', (store) => {
    const found = store.get(key) as IDBRequest<string | undefined>
    const count = (): number => Number(found.result ?? 0) + 1
    found.onsuccess = () => {
      store.put(String(count()), key)
    }
    return count
  })

/** A `DOMException` says what it is by its name; its code is a number. */
const failure = (error: DOMException | null): Error =>
  Object.assign(new Error(error?.message ?? 'aborted'), { code: error?.name ?? 'AbortError' })
