/** The entries of a replica in an IndexedDB database of its own. */
import { ENTRIES_A_READ, OWNER, type Entry, type Table } from '../storage/entries.js'
import type { SourceId } from '../../core/Update.js'
import { attempt, type IndexedDbFailure } from './IndexedDbError.js'

/** The one object store: text by key. */
const STORE = 'scuttlebutt'

/**
 * Opens the database. `lose` closes it: it is called when the browser has closed it, or somebody
 * deletes it, which who holds it open would block.
 */
export const open = async (factory: IDBFactory, name: string, lose: () => void): Promise<IDBDatabase> => {
  const request = factory.open(name, 1)
  request.onupgradeneeded = () => {
    request.result.createObjectStore(STORE)
  }
  const db = await resultOf(request)
  db.onversionchange = db.onclose = lose
  return db
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

export const tableOf = (db: IDBDatabase): Table<IndexedDbFailure> => ({
  attempt,
  entries: () => entries(db),
  // looks in its transaction who wrote last
  update: (act) =>
    transact(db, async (store) => {
      const operations = act(await get<string>(store, OWNER))
      for (const [key, text] of operations ?? []) {
        if (text === undefined) store.delete(key as never)
        else store.put(text, key as never)
      }
      return operations !== undefined
    }),
})

const get = <A>(store: IDBObjectStore, key: string): Promise<A | undefined> =>
  resultOf(store.get(key) as IDBRequest<A | undefined>)

/**
 * One transaction, on the disk itself when it ends. It ends once nothing more is asked in the turn
 * of an answer. What `act` throws undoes all of it.
 */
const transact = async <A>(db: IDBDatabase, act: (store: IDBObjectStore) => Promise<A>): Promise<A> => {
  const transaction = db.transaction(STORE, 'readwrite', { durability: 'strict' })
  const store = transaction.objectStore(STORE)
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve
    transaction.onabort = () => {
      // whoever aborts it by hand leaves no error
      reject(transaction.error ?? new DOMException('', 'AbortError'))
    }
  })
  const undone = (error: unknown): never => {
    // a request that failed has ended the transaction already
    if (transaction.error === null) transaction.abort()
    throw error
  }
  const [result] = await Promise.all([act(store).catch(undone), done])
  return result
}

/** All in one transaction. */
async function* entries(db: IDBDatabase): AsyncIterable<ReadonlyArray<Entry>> {
  const store = db.transaction(STORE).objectStore(STORE)
  for (let range: IDBKeyRange | undefined; ;) {
    const [keys, texts] = await Promise.all([
      resultOf(store.getAllKeys(range, ENTRIES_A_READ) as IDBRequest<string[][]>),
      resultOf(store.getAll(range, ENTRIES_A_READ) as IDBRequest<string[]>),
    ])
    if (keys.length === 0) return
    yield keys.map((key, i) => [key, texts[i]!])
    range = IDBKeyRange.lowerBound(keys.at(-1), true)
  }
}

/**
 * Makes another one the last who wrote, after whatever is under way. The id stays, if there is one.
 */
export const claim = (db: IDBDatabase, id: SourceId): Promise<string> =>
  modify(db, OWNER, (owner?: string) => JSON.stringify([...(owner ? (JSON.parse(owner) as unknown[]) : [id]), 0]))

/** Counts the lives of a tab's number, whoever writes the replica. */
export const countUp = (db: IDBDatabase, number: number): Promise<number> =>
  modify(db, `x${String(number)}`, (count = 0) => count + 1)

const modify = <A>(db: IDBDatabase, key: string, change: (value?: A) => A): Promise<A> =>
  transact(db, async (store) => {
    const next = change(await get(store, key))
    store.put(next, key)
    return next
  })
