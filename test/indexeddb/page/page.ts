/** A page that opens a replica in IndexedDB, for the tests in a browser to drive. */
import * as t from 'io-ts'
import { Model, scuttlebutt } from 'scuttlebutt-ts'
import { openIndexedDb, type IndexedDbStore } from 'scuttlebutt-ts/indexeddb'

type Store = IndexedDbStore<Model.State<number>, Model.Change<number>>

let store: Store
let writing: Promise<void> = Promise.resolve()
const acknowledged: string[] = []

const tab = {
  /** Opens the replica. Gives what is wrong, or the source of this tab. */
  open: async (tabs: 'alone' | 'share' | 'unlocked'): Promise<string> => {
    const opened = await openIndexedDb('notes', scuttlebutt(Model.of(t.number)), 'me', { tabs })()
    if (opened._tag === 'Left') return opened.left._tag
    store = opened.right
    return store.getReplica().id
  },
  isLeader: () => store.isLeader(),
  /** Begins to write so many keys, and to flush each ten. */
  begin: (name: string, count: number): void => {
    const write = async (): Promise<void> => {
      for (let i = 0; i < count; i++) {
        store.change(Model.set(`${name}${String(i)}`, i))
        if (i % 10 !== 9) continue
        const flushed = await store.flushed()
        if (flushed._tag === 'Left') throw new Error(JSON.stringify(flushed.left))
        for (let j = i - 9; j <= i; j++) acknowledged.push(`${name}${String(j)}`)
      }
    }
    writing = write()
  },
  written: () => writing,
  /** What was acknowledged since the last call. */
  acknowledged: () => acknowledged.splice(0),
  keys: () => Model.keys(store.getReplica().state),
  sources: () => Object.keys(store.scuttlebutt.digest(store.getReplica()).clock),
  close: async () => (await store.close())._tag,
}

export type PageTab = typeof tab

Object.assign(globalThis, { tab })
document.title = 'ready'
