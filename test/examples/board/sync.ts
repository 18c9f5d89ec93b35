/** How the page meets others: the one file that knows about transports. */
import { connect, webSocket, type Connection } from 'scuttlebutt-ts/connect'
import { openIndexedDb, showIndexedDbError } from 'scuttlebutt-ts/indexeddb'
import { createStore, type LocalStore } from 'scuttlebutt-ts/store'
import { board, DOCUMENT, type Change, type State } from './board.js'
import { openPeople, type People } from './people.js'

/** What the page stands on. */
export interface Desk {
  readonly store: LocalStore<State, Change>
  /** Why the board is not kept on this device. Undefined if it is. */
  readonly unkept: string | undefined
  readonly people: People
  readonly connection: Pick<Connection, 'status' | 'subscribe'>
  readonly setOnline: (isOnline: boolean) => void
}

export const openDesk = async (): Promise<Desk> => {
  const { store, unkept } = await openStore()
  const people = openPeople(newId())
  const url = new URL('/sync', location.href)
  url.protocol = url.protocol.replace('http', 'ws')
  // a wait of at most 2 s, as somebody looks on
  const socket = webSocket(url, { backoff: { min: 200, max: 2000 } })
  const open = (): Connection => connect(store, socket.document(DOCUMENT), { presence: people })
  return { store, unkept, people, ...switched(open, store) }
}

/** The board that this device has kept, shared with other tabs; in memory where that cannot be. */
const openStore = async (): Promise<Pick<Desk, 'store' | 'unkept'>> => {
  const id = localStorage.getItem('id') ?? newId()
  localStorage.setItem('id', id)
  const opened = await openIndexedDb('board', board, id, { tabs: 'share' })()
  if (opened._tag === 'Right') return { store: opened.right, unkept: undefined }
  return { store: createStore(board, newId()), unkept: showIndexedDbError(opened.left) }
}

/** `crypto.randomUUID` is not there on a page without https. */
const newId = (): string => crypto.getRandomValues(new Uint32Array(3)).join('-')

/** A connection that can be switched off, and its status meanwhile. */
const switched = (open: () => Connection, store: LocalStore<State, Change>) => {
  const listeners = new Set<() => void>()
  const tell = (): void => {
    for (const listener of [...listeners]) listener()
  }
  let connection = open()
  let end = connection.subscribe(tell)
  // one that is closed tells nothing more, but counts what is unsent
  store.subscribe(tell)
  return {
    connection: {
      status: () => connection.status(),
      subscribe: (listener: () => void) => {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    },
    setOnline: (isOnline: boolean) => {
      end()
      connection.close()
      if (isOnline) connection = open()
      end = connection.subscribe(tell)
      tell()
    },
  }
}
