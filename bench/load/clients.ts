/** The clients of `bench:load`. */
import * as t from 'io-ts'
import { Model, scuttlebutt } from 'scuttlebutt-ts'
import { createLink } from 'scuttlebutt-ts/connect'
import { createStore } from 'scuttlebutt-ts/store'
import { WebSocket } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import type { Ask, Latencies, Load, Told } from './messages.js'

const [, , contestant, port, json] = process.argv as [string, string, string, string, string]
const load = JSON.parse(json) as Load
const url = `ws://127.0.0.1:${port}`

/** A client of one document. */
interface Client {
  readonly write: (key: string, value: number) => void
  /** Calls for what others wrote. */
  readonly onWrite: (listener: (key: string, value: number) => void) => void
}

const sb = scuttlebutt(Model.of(t.number))

const ours = async (document: string, id: string): Promise<Client> => {
  const store = createStore(sb, id)
  const socket = new WebSocket(url, { perMessageDeflate: false })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const link = createLink(store)
  // as `connect` does, all of one turn goes out together
  let isPumping = false
  let onSynced: () => void = () => undefined
  const synced = new Promise<void>((resolve) => (onSynced = resolve))
  const pump = (): void => {
    isPumping = false
    for (let text = link.read(); text !== undefined && text !== ''; text = link.read()) {
      socket.send(JSON.stringify([document, text]))
    }
    if (link.status().phase === 'synced') onSynced()
  }
  link.onWake(() => {
    if (!isPumping) setImmediate(pump)
    isPumping = true
  })
  socket.on('message', (data: Buffer) => {
    const [, text] = JSON.parse(data.toString()) as [string?, string?]
    if (typeof text === 'string') void link.write(text)
  })
  setInterval(() => {
    socket.send('[]')
  }, 15_000)
  pump()
  await synced
  return {
    write: (key, value) => {
      store.change(Model.set(key, value))
    },
    onWrite: (listener) => {
      store.subscribe((updates) => {
        for (const [[key, value], , source] of updates) if (source !== id) listener(key, value)
      })
    },
  }
}

const theirs = async (document: string): Promise<Client> => {
  const doc = new Y.Doc()
  const provider = new WebsocketProvider(url, document, doc, { WebSocketPolyfill: WebSocket as never, disableBc: true })
  await new Promise((resolve) => {
    provider.once('sync', resolve)
  })
  const map = doc.getMap<number>('map')
  return {
    write: (key, value) => {
      map.set(key, value)
    },
    onWrite: (listener) => {
      map.observe(({ changes, transaction }) => {
        if (transaction.local) return
        for (const key of changes.keys.keys()) listener(key, map.get(key)!)
      })
    },
  }
}

const connect = contestant === 'ours' ? ours : theirs

const clients: Client[] = []

/** Connects clients up to a number, some at a time, each to the next document. */
const connectTo = async (count: number): Promise<void> => {
  while (clients.length < count) {
    const some = Math.min(50, count - clients.length)
    const next = Array.from({ length: some }, (_, i) => {
      const n = clients.length + i
      return connect(`document ${String(n % load.documents)}`, `client ${String(n)}`)
    })
    clients.push(...(await Promise.all(next)))
  }
}

/** One writer: when each write was due, and how many readers still lack it. */
interface Course {
  readonly writer: Client
  readonly key: string
  readonly readers: number
  readonly due: number[]
  readonly lacking: number[]
}

const latencies: number[] = []

/** Follows the writes of a writer at its readers. */
const follow = (writer: Client, key: string, readers: ReadonlyArray<Client>): Course => {
  const course: Course = { writer, key, readers: readers.length, due: [], lacking: [] }
  for (const reader of readers) {
    let seen = 0
    reader.onWrite((written, value) => {
      if (written !== key) return
      for (; seen <= value; seen++) {
        course.lacking[seen]! -= 1
        if (course.lacking[seen] === 0) latencies.push(performance.now() - course.due[seen]!)
      }
    })
  }
  return course
}

/** Writes, each course at `rate` a second, and waits 5 s for the readers. */
const drive = async (courses: ReadonlyArray<Course>, rate: number): Promise<Latencies> => {
  const cpu = process.cpuUsage()
  latencies.length = 0
  const period = 1000 / rate
  const start = performance.now() + 100
  const count = Math.round(load.seconds * rate)
  const isDone = (): boolean => courses.every(({ due }) => due.length >= count)
  while (!isDone()) {
    const now = performance.now()
    for (const [i, course] of courses.entries()) {
      for (let n = course.due.length; n < count; n++) {
        // the writers do not write all at once
        const due = start + period * (n + i / courses.length)
        if (due > now) break
        course.due.push(due)
        course.lacking.push(course.readers)
        course.writer.write(course.key, n)
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const { user, system } = process.cpuUsage(cpu)
  const deadline = performance.now() + 5000
  const writes = courses.length * count
  while (latencies.length < writes && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const sorted = [...latencies].sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
  return { writes, p50: at(0.5), p99: at(0.99), max: at(1), lost: writes - sorted.length, cpu: (user + system) / 1000 }
}

const DOCUMENT = 10

/** Writers in documents of ten: those of one document are `documents` apart. */
const write = async (): Promise<Latencies> => {
  const courses: Course[] = []
  for (let d = 0; d < load.writers / DOCUMENT; d++) {
    const group = Array.from({ length: DOCUMENT }, (_, i) => clients[d + i * load.documents]!)
    for (const [i, writer] of group.entries()) {
      const readers = group.filter((one) => one !== writer)
      courses.push(follow(writer, `writer ${String(i)}`, readers))
    }
  }
  return drive(courses, load.rate)
}

const hot = async (): Promise<Latencies> => {
  const writer = await connect('hot', 'hot writer')
  const readers = await Promise.all(
    Array.from({ length: load.readers }, (_, i) => connect('hot', `reader ${String(i)}`)),
  )
  return drive([follow(writer, 'hot', readers)], load.hot)
}

const answer = async (question: Ask): Promise<Told> => {
  switch (question) {
    case 'first':
      await connectTo(load.documents)
      return 'done'
    case 'rest':
      await connectTo(load.clients)
      return 'done'
    case 'write':
      return write()
    default:
      return hot()
  }
}

process.on('message', (question: Ask) => {
  void answer(question).then((told) => process.send?.(told))
})

process.send?.('ready')
