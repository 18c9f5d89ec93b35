/**
 * What we use of cojson, which is no dependency: its native code is 150 MB. Install it to check it:
 * `npm install --no-save cojson@0.20.19`. These types are used also where it is installed.
 */
declare module 'cojson' {
  interface Known {
    /** What a replica that knows `known` lacks. */
    readonly newContentSince: (known: unknown) => ReadonlyArray<unknown> | undefined
  }

  export interface Core extends Known {
    readonly knownState: () => unknown
  }

  interface Value {
    readonly id: string
    readonly core: Core
  }

  export interface RawCoMap extends Value {
    readonly set: (key: string, value: unknown) => void
    readonly delete: (key: string) => void
    readonly toJSON: () => Record<string, unknown>
  }

  export interface RawCoList extends Value {
    readonly append: (item: unknown, after?: number) => void
    readonly prepend: (item: unknown, before?: number) => void
    readonly replace: (at: number, item: unknown) => void
    readonly delete: (at: number) => void
    readonly toJSON: () => unknown[]
  }

  export interface RawCoPlainText extends Value {
    readonly insertBefore: (index: number, text: string) => void
    readonly insertAfter: (index: number, text: string) => void
    readonly deleteRange: (range: { readonly from: number; readonly to: number }) => void
    readonly toString: () => string
  }

  export interface RawGroup extends Value {
    readonly createMap: () => RawCoMap
    readonly createList: () => RawCoList
    readonly createPlainText: () => RawCoPlainText
  }

  export interface CryptoProvider {
    readonly newRandomAgentSecret: () => string
    readonly getAgentID: (secret: string) => string
  }

  interface Channel {
    readonly onMessage: (listener: (message: unknown) => void) => void
  }

  export interface Peer {
    readonly id: string
    readonly incoming: Channel
    readonly outgoing: Channel
  }

  export class LocalNode {
    constructor(agentSecret: string, sessionId: string, crypto: CryptoProvider)
    readonly createGroup: () => RawGroup
    readonly expectCoValueLoaded: (id: string) => Known & { readonly getCurrentContent: () => unknown }
    readonly syncManager: {
      readonly handleNewContent: (content: unknown, from: 'import') => void
      readonly addPeer: (peer: Peer) => void
      readonly removePeer: (id: string) => void
    }
  }

  interface Roles {
    readonly peer1role: 'client' | 'server'
    readonly peer2role: 'client' | 'server'
  }

  export const cojsonInternals: {
    readonly connectedPeers: (id1: string, id2: string, roles: Roles) => [Peer, Peer]
  }
}

declare module 'cojson/crypto/NapiCrypto' {
  import type { CryptoProvider } from 'cojson'

  export const NapiCrypto: { readonly create: () => Promise<CryptoProvider> }
}

/**
 * What we use of Evolu, which asks for Node 22 and a SQLite: `npm install --no-save
 * --legacy-peer-deps @evolu/common@7.4.1 better-sqlite3@12`. TinyBase asks for a newer SQLite,
 * which asks for a newer Node. npm removes what an earlier `--no-save` has installed.
 */
declare module '@evolu/common' {
  export interface Result<A> {
    readonly ok: boolean
    readonly value: A
    readonly error: unknown
  }

  export interface Query {
    readonly sql: string
    readonly parameters: ReadonlyArray<unknown>
  }

  export interface Driver extends Disposable {
    readonly exec: (
      query: Query,
      isMutation: boolean,
    ) => { readonly rows: ReadonlyArray<unknown>; readonly changes: number }
    readonly export: () => Uint8Array
  }

  export interface CreateDriver {
    readonly createSqliteDriver: () => Promise<Driver>
  }

  export type Sqlite = Disposable & { readonly exec: unknown }
  export const createSqlite: (deps: CreateDriver) => (name: string) => Promise<Result<Sqlite>>
  export const createConsole: () => unknown
  export const createRandom: () => unknown
  export const createRandomBytes: () => unknown
}

declare module '@evolu/common/local-first' {
  import type { CreateDriver, Result, Sqlite } from '@evolu/common'

  export interface Socket extends Disposable {
    readonly send: (message: Uint8Array) => Result<unknown>
    readonly isOpen: () => boolean
    readonly getReadyState: () => 'open' | 'closed'
  }

  export interface Listener {
    readonly onOpen: () => void
    readonly onMessage: (message: ArrayBuffer) => void
  }

  export interface Platform extends CreateDriver {
    readonly console: unknown
    readonly random: unknown
    readonly randomBytes: unknown
    readonly time: { readonly now: () => number; readonly nowIso: () => string }
    readonly createWebSocket: (url: string, listener: Listener) => Socket
  }

  export interface Change {
    readonly table: string
    readonly id: string
    readonly values: Readonly<Record<string, unknown>>
    readonly isInsert: boolean
    readonly isDelete: boolean | null
  }

  export interface Worker {
    readonly onMessage: (listener: (output: { readonly type: string; readonly error?: unknown }) => void) => void
    readonly postMessage: (input: { readonly type: string; readonly [key: string]: unknown }) => void
  }

  interface Relay {
    readonly sqlite: Sqlite
    readonly random: unknown
    readonly timingSafeEqual: (a: Uint8Array, b: Uint8Array) => boolean
  }

  interface Policy {
    readonly onStorageError: (error: unknown) => void
    readonly isOwnerWithinQuota: () => boolean
  }

  export const createDbWorkerForPlatform: (platform: Platform) => Worker
  export const createOwnerSecret: (deps: { readonly randomBytes: unknown }) => unknown
  export const createAppOwner: (secret: unknown) => unknown
  export const createBaseSqliteStorageTables: (deps: { readonly sqlite: Sqlite }) => Result<unknown>
  export const createRelayStorageTables: (deps: { readonly sqlite: Sqlite }) => Result<unknown>
  export const createRelaySqliteStorage: (deps: Relay) => (policy: Policy) => { readonly writeMessages: unknown }
  export const applyProtocolMessageAsRelay: (deps: {
    readonly storage: unknown
  }) => (message: Uint8Array) => Promise<Result<{ readonly message: Uint8Array }>>
}

declare module 'better-sqlite3' {
  interface Statement {
    readonly run: (parameters: ReadonlyArray<unknown>) => { readonly changes: number }
    readonly all: (parameters?: ReadonlyArray<unknown>) => ReadonlyArray<unknown>
  }

  export default class Database {
    constructor(file: string | Uint8Array)
    readonly prepare: (sql: string) => Statement
    readonly serialize: () => Uint8Array
    readonly close: () => void
  }
}
