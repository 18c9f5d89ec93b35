/** The npm package `scuttlebutt` 5.6.15, typed as far as the tests use it. */
import { createRequire } from 'node:module'
import type { Duplex } from 'node:stream'
import type { Session, Update } from '../../src/index.js'

/** Ours came from it, and those that it has mean the same. */
export type OriginalOptions = Omit<Session.Options, 'checked'>

interface Original {
  readonly id: string
  readonly sources: Readonly<Record<string, number>>
  createStream(options?: OriginalOptions): Duplex
  createReadStream(options?: OriginalOptions): Duplex
  createWriteStream(options?: OriginalOptions): Duplex
  history(): ReadonlyArray<Update<unknown>>
  on(event: string, listener: (...args: never[]) => void): this
}

export interface OriginalModel extends Original {
  set(key: string, value: unknown): this
  get(key: string): unknown
  toJSON(): Readonly<Record<string, unknown>>
}

export interface OriginalEvents extends Original {
  emit(name: string, ...args: ReadonlyArray<unknown>): this
}

const require = createRequire(import.meta.url)

const ModelClass = require('scuttlebutt/model') as new (id: string) => OriginalModel
const EventsClass = require('scuttlebutt/events') as new (id: string) => OriginalEvents

export const originalModel = (id: string): OriginalModel => new ModelClass(id)

export const originalEvents = (id: string): OriginalEvents => new EventsClass(id)
