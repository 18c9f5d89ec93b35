/** What `serve` needs of npm `ws` and of `node:http`, by structure: nothing here imports them. */

/** A WebSocket of npm `ws`. */
export interface ServedSocket {
  /** 1 while open. */
  readonly readyState: number
  /** The bytes that the peer has not taken yet. */
  readonly bufferedAmount: number
  send(data: string, sent: (error?: Error) => void): void
  close(code?: number, reason?: string): void
  terminate(): void
  /** Reads nothing more from the peer. */
  pause(): void
  resume(): void
  on(event: string, listener: (...args: never[]) => void): unknown
}

/** A `WebSocketServer` of npm `ws`. */
export interface SocketServer {
  /** `serve` lowers `maxPayload` to its own limit: `ws` itself takes 100 MiB. */
  readonly options?: { maxPayload?: number | undefined }
  on(event: string, listener: (...args: never[]) => void): unknown
}

/** The request that opened a socket, or a POST. An `IncomingMessage` of `node:http`. */
export interface ServedRequest {
  readonly url?: string | undefined
  readonly method?: string | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** The readyState of an open socket. */
export const OPEN = 1

/** What a text message arrives as. */
export interface Bytes {
  readonly byteLength: number
  toString(): string
}
