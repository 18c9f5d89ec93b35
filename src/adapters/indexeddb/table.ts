/** The entries of a replica in an IndexedDB database of its own. */
import type { either as E } from 'fp-ts'
import { ENTRIES_A_READ, OWNER, type Entry, type Operation, type Table } from '../storage/entries.js'
import type { IndexedDbFailure } from './IndexedDbError.js'

/** The one object store. */
const STORE = 'scuttlebutt'

/** What is under a key: a text, and in which batch it came. Each batch has the next number. */
interface Value {
  readonly text: string
  readonly batch: number
}

/** The index, and what it is of. */
const BATCH = 'batch'

export interface IndexedDbTable extends Pick<Table<IndexedDbFailure>, 'entries'> {
  /**
   * One transaction, on the disk itself when it ends. `act` gets the entries that came since this
   * table last read or wrote, and whether somebody emptied the database. It gives what to write as
   * one batch. It may await only what is settled already: a transaction ends when the event loop
   * turns. O(entries that came), all in memory. Rejects with the database's exception; then nothing
   * is written.
   */
  readonly update: <Err>(
    act: (entries: ReadonlyArray<Entry>, isEmptied: boolean) => Promise<E.Either<Err, ReadonlyArray<Operation>>>,
  ) => Promise<E.Either<Err, unknown>>
}

/**
 * Opens the database, and closes it when the tab leaves. The tab leaves if the browser has closed
 * it, or somebody deletes it: an open connection would block that.
 */
export const open = async (factory: IDBFactory, name: string, leaving: AbortController): Promise<IndexedDbTable> => {
  const request = factory.open(name, 1)
  request.onupgradeneeded = () => {
    request.result.createObjectStore(STORE).createIndex(BATCH, BATCH)
  }
  const db = await resultOf(request)
  db.onversionchange = db.onclose = () => {
    leaving.abort()
  }
  leaving.signal.addEventListener('abort', () => {
    db.close()
  })
  /** The newest batch that was read or written. */
  let last = 0
  return {
    /** All in one transaction. */
    entries: async function* () {
      const store = db.transaction(STORE).objectStore(STORE)
      for (let range: IDBKeyRange | undefined; ;) {
        const [entries, newest] = await entriesIn(store, range, ENTRIES_A_READ)
        if (entries.length === 0) return
        last = Math.max(last, newest)
        yield entries
        range = IDBKeyRange.lowerBound(entries.at(-1)![0], true)
      }
    },
    update: async (act) => {
      const transaction = db.transaction(STORE, 'readwrite', { durability: 'strict' })
      const store = transaction.objectStore(STORE)
      const isEmptied = last > 0 && (await resultOf(store.count(OWNER))) === 0
      const [entries, newest] = await entriesIn(store.index(BATCH), IDBKeyRange.lowerBound(last, true))
      const operations = await act(entries, isEmptied)
      if (operations._tag === 'Left') return operations
      const batch = Math.max(last, newest) + 1
      try {
        for (const [key, text] of operations.right) {
          if (text === undefined) store.delete(key as IDBValidKey)
          else store.put({ text, batch } satisfies Value, key as IDBValidKey)
        }
      } catch (error) {
        transaction.abort()
        throw error
      }
      await new Promise((resolve, reject) => {
        transaction.oncomplete = resolve
        transaction.onabort = () => {
          // whoever aborts it by hand leaves no error
          reject(transaction.error ?? new DOMException('', 'AbortError'))
        }
      })
      last = operations.right.length > 0 ? batch : batch - 1
      return operations
    },
  }
}

/** The entries of a range, and the newest batch in which one of them came. */
const entriesIn = async (from: IDBObjectStore | IDBIndex, range?: IDBKeyRange, count?: number) => {
  const [keys, values] = await Promise.all([
    resultOf(from.getAllKeys(range, count) as IDBRequest<string[][]>),
    resultOf(from.getAll(range, count) as IDBRequest<(Partial<Value> | null)[]>),
  ])
  const newest = values.reduce((max, value) => Math.max(max, value?.batch ?? 0), 0)
  return [keys.map((key, i): Entry => [key, values[i]?.text]), newest] as const
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
