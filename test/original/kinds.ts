/** Replicas of ours and of the original behind one face, so that a test can mix them. */
import type { Duplex } from 'node:stream'
import * as t from 'io-ts'
import { createStore } from '../../src/adapters/store.js'
import { createStream, type StreamOptions } from '../../src/adapters/stream.js'
import { Events, Model, scuttlebutt, type DataType } from '../../src/index.js'
import { originalEvents, originalModel, type OriginalOptions } from './original.js'

export interface Peer {
  readonly id: string
  readonly write: (key: string, value: unknown) => void
  /** What it holds, comparable across kinds. */
  readonly read: () => unknown
  readonly stream: (options?: StreamOptions & OriginalOptions) => Duplex
  readonly readStream: (options?: StreamOptions & OriginalOptions) => Duplex
  readonly writeStream: (options?: StreamOptions & OriginalOptions) => Duplex
}

export interface Kind {
  readonly name: string
  readonly ours: (id: string) => Peer
  readonly theirs: (id: string) => Peer
  readonly values: ReadonlyArray<unknown>
}

/**
 * Stamps that the original does not make too: on a tie between two sources it lets the later
 * arrival win, which is what faults.md, C1, is about, and not what is tested here.
 */
const now = (): number => Date.now() + 0.503

const peer = <S, C>(
  id: string,
  dataType: DataType<S, C>,
  command: (key: string, value: unknown) => C,
  read: (state: S) => unknown,
): Peer => {
  const store = createStore(scuttlebutt(dataType), id, { now })
  return {
    id,
    write: (key, value) => {
      const changed = store.change(command(key, value))
      if (changed._tag === 'Left') throw new Error(JSON.stringify(changed.left))
    },
    read: () => read(store.getReplica().state),
    stream: (options) => createStream(store, options),
    readStream: (options) => createStream(store, { ...options, writable: false }),
    writeStream: (options) => createStream(store, { ...options, readable: false }),
  }
}

export const kinds: ReadonlyArray<Kind> = [
  {
    name: 'Model',
    values: [1, 'é\n"😀', { n: [1, null] }, null, false],
    ours: (id) => peer(id, Model.of(t.unknown), Model.set, Model.toJSON),
    theirs: (id) => {
      const model = originalModel(id)
      return {
        id,
        write: (key, value) => model.set(key, value),
        read: () => model.toJSON(),
        stream: (options) => model.createStream(options),
        readStream: (options) => model.createReadStream(options),
        writeStream: (options) => model.createWriteStream(options),
      }
    },
  },
  {
    name: 'Events',
    values: [1, 'é\n"😀', { n: [1, null] }, null, false],
    ours: (id) =>
      peer(id, Events.of(t.unknown), Events.emit, (state) => Events.events()(state).map((event) => [...event])),
    theirs: (id) => {
      const events = originalEvents(id)
      return {
        id,
        write: (key, value) => events.emit(key, value),
        read: () => events.history(),
        stream: (options) => events.createStream(options),
        readStream: (options) => events.createReadStream(options),
        writeStream: (options) => events.createWriteStream(options),
      }
    },
  },
]
