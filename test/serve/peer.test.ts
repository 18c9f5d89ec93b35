/** What a peer that breaks the rules may cost, over sockets in memory that never take anything. */
import { EventEmitter } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { serve, type OpenDocument, type ServeLimits, type Server } from '../../src/adapters/connect.js'
import { storeOf } from './client.js'

/** A socket whose peer reads nothing. */
class DeafSocket extends EventEmitter {
  readyState = 1
  bufferedAmount = 0
  readonly sent: unknown[] = []

  send(text: string): void {
    this.bufferedAmount += text.length
    this.sent.push(JSON.parse(text))
  }

  close(): void {
    this.readyState = 3
    this.emit('close')
  }

  terminate(): void {
    this.close()
  }

  pause(): void {
    // it never reads
  }

  resume(): void {
    // as above
  }

  /** A message from the peer. */
  say(...frame: ReadonlyArray<unknown>): void {
    this.emit('message', Buffer.from(JSON.stringify(frame)), false)
  }
}

const servers: Server[] = []

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

const socketOf = (open: OpenDocument, limits: ServeLimits): DeafSocket => {
  const sockets = new WebSocketServer({ noServer: true })
  servers.push(serve(sockets, open, { limits }))
  const socket = new DeafSocket()
  sockets.emit('connection', socket, { headers: {} })
  return socket
}

test('A peer that ends documents it never had, and reads no answer, is cut off', () => {
  const buffer = 10_000
  const socket = socketOf(() => storeOf('server'), { buffer })
  for (let i = 0; i < 100; i++) socket.say(`${'x'.repeat(1000)}${String(i)}`, null)
  expect(socket.readyState).toBe(3)
  expect(socket.bufferedAmount).toBeLessThan(buffer + 2000)
})

test('Sign-ins under way count as documents, also when the peer has ended them', async () => {
  const waiting: (() => void)[] = []
  const open: OpenDocument = () =>
    new Promise((resolve) => {
      waiting.push(() => {
        resolve(storeOf('server'))
      })
    })
  const socket = socketOf(open, { documents: 3 })
  const comeAndGo = (document: string): void => {
    socket.say(document, '"SURE {}"\n')
    socket.say(document, null)
  }
  for (let i = 0; i < 10; i++) comeAndGo(String(i))
  expect(waiting.length).toBe(3)
  expect(socket.sent).toContainEqual(['3', null, { _tag: 'TooMany', limit: 3, retryAfter: 10_000 }])
  for (const answer of waiting) answer()
  await new Promise(setImmediate)
  comeAndGo('later')
  expect(waiting.length).toBe(4)
  waiting[3]!()
})
