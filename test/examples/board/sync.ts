/** How the page meets others: the one file that knows about transports. */
import type { LocalStore } from 'scuttlebutt-ts/store'
import { createStore } from 'scuttlebutt-ts/store'
import type { Connection } from 'scuttlebutt-ts/react'
import { toWebStreams } from 'scuttlebutt-ts/web'
import { board, type Change, type State } from './board.js'
import { openPeople, type People } from './people.js'

export interface Status {
  readonly phase: 'connecting' | 'syncing' | 'synced' | 'offline' | 'failed'
  readonly unsent: number
}

export interface Desk {
  readonly store: LocalStore<State, Change>
  readonly connection: Connection<Status>
  readonly setOnline: (isOnline: boolean) => void
  readonly people: People
}

export const openDesk = (): Promise<Desk> => {
  const id = crypto.randomUUID()
  const store = createStore(board, id)
  const people = openPeople(id)
  const listeners = new Set<() => void>()
  let phase: Status['phase'] = 'offline'
  let unsent = 0
  let isOnline = true
  let socket: WebSocket | undefined
  const tell = (next: Status['phase']): void => {
    phase = next
    for (const listener of listeners) listener()
  }
  const connect = (): void => {
    if (!isOnline) return
    tell('connecting')
    socket = new WebSocket(new URL('/sync', location.href.replace('http', 'ws')))
    const opened = socket
    const { readable, writable } = toWebStreams(store, {
      presence: people,
      announce: ({ _tag }) => {
        if (_tag !== 'sync') return
        unsent = 0
        tell('synced')
      },
    })
    const writer = writable.getWriter()
    opened.binaryType = 'arraybuffer'
    opened.onopen = () => {
      tell('syncing')
      void readable
        .pipeTo(
          new WritableStream({
            write: (bytes) => {
              opened.send(bytes as Uint8Array<ArrayBuffer>)
            },
          }),
        )
        .catch(() => undefined)
    }
    opened.onmessage = ({ data }) => void writer.write(data as ArrayBuffer).catch(() => undefined)
    opened.onclose = () => {
      void writer.abort().catch(() => undefined)
      tell('offline')
      setTimeout(connect, 500)
    }
  }
  store.subscribe((updates) => {
    if (phase === 'synced' || !updates.some(([, , source]) => source === id)) return
    unsent += updates.length
    tell(phase)
  })
  connect()
  return Promise.resolve({
    store,
    connection: {
      status: () => ({ phase, unsent }),
      subscribe: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
    setOnline: (next) => {
      isOnline = next
      if (next) connect()
      else socket?.close()
    },
    people,
  })
}
