import { Duplex } from 'node:stream'
import { once } from 'node:events'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { createStore } from '../../src/adapters/store.js'
import { createStream } from '../../src/adapters/stream.js'
import { toWebStreams, type WebStreamOptions, type WebStreams } from '../../src/adapters/web.js'
import { Model, scuttlebutt } from '../../src/index.js'
import { eventually } from '../original/tcp.js'

const sb = scuttlebutt(Model.of(t.unknown))

const make = (id: string, values: Readonly<Record<string, unknown>> = {}) => {
  const store = createStore(sb, id)
  for (const [key, value] of Object.entries(values)) store.change(Model.set(key, value))
  return store
}

type AnyStore = ReturnType<typeof make>

const read = (store: AnyStore) => Model.toJSON(store.getReplica().state)

const watched = (store: AnyStore, options: WebStreamOptions = {}) => {
  const announced: string[] = []
  const streams = toWebStreams(store, { ...options, announce: ({ _tag }) => announced.push(_tag) })
  return { ...streams, announced }
}

const EVENTS = ['header', 'syncSent', 'syncReceived', 'sync']

/** Carries chunks over a port. A null ends the stream. */
const overPort = (port: MessagePort, { readable, writable }: WebStreams): void => {
  const writer = writable.getWriter()
  port.on('message', (chunk: Uint8Array | null) => void (chunk === null ? writer.close() : writer.write(chunk)))
  void readable.pipeTo(
    new WritableStream({
      write: (chunk) => {
        port.postMessage(chunk)
      },
      close: () => {
        port.postMessage(null)
      },
    }),
  )
}

describe('Web streams', () => {
  test('replicate when piped into each other', async () => {
    const [a, b] = [make('a', { x: 'é😀' }), make('b', { y: 1 })]
    const [left, right] = [watched(a), watched(b)]
    void left.readable.pipeTo(right.writable)
    void right.readable.pipeTo(left.writable)
    await eventually(() => {
      expect(left.announced).toEqual(expect.arrayContaining(EVENTS))
      expect(right.announced).toEqual(expect.arrayContaining(EVENTS))
    })
    a.change(Model.set('live', 1))
    await eventually(() => {
      expect(read(b)).toEqual({ x: 'é😀', y: 1, live: 1 })
    })
    expect(read(a)).toEqual(read(b))
  })

  test('replicate over a MessageChannel, and end when synced without tail', async () => {
    const [a, b] = [make('a', { x: 1 }), make('b', { y: 2 })]
    const { port1, port2 } = new MessageChannel()
    const [left, right] = [watched(a, { tail: false }), watched(b, { tail: false })]
    overPort(port1, left)
    overPort(port2, right)
    await eventually(() => {
      expect([...left.announced].sort()).toEqual([...EVENTS].sort())
      expect(read(a)).toEqual({ x: 1, y: 2 })
      expect(read(b)).toEqual(read(a))
    })
    port1.close()
    port2.close()
  })

  test('replicate with a Node stream', async () => {
    const [a, b] = [make('a', { x: 1 }), make('b', { y: 2 })]
    const { readable, writable } = toWebStreams(a)
    const node = createStream(b)
    const web = Duplex.fromWeb({ readable, writable } as never)
    node.pipe(web).pipe(node)
    await once(node, 'sync')
    expect(read(b)).toEqual({ x: 1, y: 2 })
    node.end()
    await once(web, 'finish')
  })

  test('send nothing before somebody reads, and then the newest state', async () => {
    const store = make('a')
    const { readable } = toWebStreams(store, { writable: false, tail: false })
    store.change(Model.set('late', 1))
    let text = ''
    for await (const chunk of readable as unknown as AsyncIterable<Uint8Array>) text += new TextDecoder().decode(chunk)
    expect(text).toContain('"late"')
    expect(text.endsWith('"SYNC"\n')).toBe(true)
  })

  test('take bytes, buffers and text in turn', async () => {
    const store = make('a')
    const { writable } = toWebStreams(store)
    const writer = writable.getWriter()
    const bytes = new TextEncoder().encode('[["é",1],1000,"b"]\n[["y",')
    await writer.write(bytes.subarray(0, 4))
    await writer.write(bytes.slice(4).buffer)
    await writer.write('2],1001,"b"]\n')
    expect(read(store)).toEqual({ é: 1, y: 2 })
    await writer.close()
  })

  test('let go of the store when they are cancelled, aborted or silent', async () => {
    let listening = 0
    const store = make('a')
    const counted: AnyStore = {
      ...store,
      subscribe: (listener) => {
        listening++
        const forget = store.subscribe(listener)
        return () => {
          listening--
          forget()
        }
      },
    }
    const cancelled = toWebStreams(counted)
    const aborted = toWebStreams(counted)
    const silent = watched(counted, { timeout: 10 })
    expect(listening).toBe(3)
    await cancelled.readable.cancel()
    const reading = aborted.readable.getReader()
    await aborted.writable.abort(new Error('reset'))
    expect(await reading.read()).toEqual({ done: true, value: undefined })
    const reader = silent.readable.getReader()
    await reader.read()
    expect(await reader.read()).toEqual({ done: true, value: undefined })
    expect(silent.announced).toEqual(['rejection'])
    expect(listening).toBe(0)
    // nobody reads the rest
    const writer = cancelled.writable.getWriter()
    await writer.write('[["x",1],1000,"b"]\n')
    await writer.close()
    expect(read(store)).toEqual({})
  })
})
