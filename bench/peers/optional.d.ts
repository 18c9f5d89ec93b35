/**
 * What we use of cojson, which is no dependency: its native code is 150 MB. Install it to check it:
 * `npm install --no-save cojson@0.20.19`. These types are used also where it is installed.
 */
declare module 'cojson' {
  export interface Core {
    /** What a replica that knows `known` lacks. */
    readonly newContentSince: (known: unknown) => ReadonlyArray<unknown> | undefined
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
    readonly expectCoValueLoaded: (id: string) => { readonly getCurrentContent: () => unknown }
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
