/** The entries of a replica in an IndexedDB database of its own. */
import { ENTRIES_A_READ, OWNER, type Entry, type Operation, type Table } from '../storage/entries.js'
import type { Leaving } from './tabs.js'
import { attempt, type IndexedDbFailure } from './IndexedDbError.js'

/** The one object store: text by key, and numbers under the keys `x<number>`. */
const STORE = 'scuttlebutt'

export interface IndexedDbTable extends Table<IndexedDbFailure> {
  /** As {@link Table.update}, after a look at another key than `OWNER`. */
  readonly update: <A = string>(
    act: (found: A | undefined) => ReadonlyArray<Operation<A>> | undefined,
    key?: string,
  ) => Promise<boolean>
}

/**
 * Opens the database, and closes it when the tab leaves. The tab leaves if the browser has closed
 * it, or somebody deletes it, which who holds it open would block.
 */
export const open = async (factory: IDBFactory, name: string, { leave, signal }: Leaving): Promise<IndexedDbTable> => {
  const request = factory.open(name, 1)
  request.onupgradeneeded = () => {
    request.result.createObjectStore(STORE)
  }
  const db = await resultOf(request)
  db.onversionchange = db.onclose = leave
  signal.addEventListener('abort', () => {
    db.close()
  })
  return { attempt, entries: () => entries(db), update: (act, key = OWNER) => update(db, key, act) }
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

/** One transaction, on the disk itself when it ends. What `act` throws undoes all of it. */
const update = <A>(
  db: IDBDatabase,
  key: string,
  act: (found: A | undefined) => ReadonlyArray<Operation<A>> | undefined,
): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const transaction = db.transaction(STORE, 'readwrite', { durability: 'strict' })
    const store = transaction.objectStore(STORE)
    const request = store.get(key) as IDBRequest<A | undefined>
    let operations: ReadonlyArray<Operation<A>> | undefined
    let failure: Error | undefined
    request.onsuccess = () => {
      try {
        operations = act(request.result)
        for (const [at, value] of operations ?? []) {
          if (value === undefined) store.delete(at as never)
          else store.put(value, at as never)
        }
      } catch (error) {
        failure = error as Error
        transaction.abort()
      }
    }
    transaction.oncomplete = () => {
      resolve(operations !== undefined)
    }
    transaction.onabort = () => {
      // whoever aborts it by hand leaves no error
      reject(failure ?? transaction.error ?? new DOMException('', 'AbortError'))
    }
  })

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
