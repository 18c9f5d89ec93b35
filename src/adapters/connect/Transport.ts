/** What a connection needs of a transport. There are three kinds. */
import type { Refused } from './frames.js'

export type Transport = WireTransport | BusTransport | PollTransport

/** How a connection waits. Times are in ms. */
export interface Pace {
  /** The longest wait before the first try again, and before any. Default 500 and 30,000. */
  readonly backoff?: { readonly min?: number; readonly max?: number }
  /** A side that sent nothing for so long sends a heartbeat. Default 15,000. */
  readonly heartbeat?: number
  /** Who is not heard for so long is taken for dead. Default 45,000. */
  readonly silence?: number
  /**
   * If something was refused that time may mend, the two meet anew after so long, each time twice
   * as long. Default 30,000 and 600,000.
   */
  readonly anew?: { readonly min?: number; readonly max?: number }
}

/**
 * A way to one peer that keeps the order of what it carries, and loses nothing until it closes: a
 * socket, a port.
 */
export interface WireTransport {
  readonly kind: 'wire'
  readonly pace?: Pace
  /**
   * Connects. Calls no event before it returns. Throws only for a mistake of the caller, such as
   * one document twice on one socket.
   */
  readonly open: (events: WireEvents) => Wire
}

/** What a wire tells its connection. */
export interface WireEvents {
  /** The peer can be written to. */
  readonly opened: () => void
  /**
   * A piece of the peer's lines, in order; an empty one says that the peer lives. If it gives a
   * promise, nothing more should be read from the peer before that.
   */
  readonly received: (text: string) => Promise<void> | undefined
  /** `buffered` may have fallen. A wire that cannot tell is asked now and then. */
  readonly drained: () => void
  /** Nothing passes any more, or the wire never opened. Later events are ignored. */
  readonly closed: (end?: Closing) => void
}

/** Why a wire closed. */
export interface Closing {
  readonly refusal?: Refused
}

/** One connection to a peer. */
export interface Wire {
  /** Sends a piece of at most 65,536 characters; an empty one is a heartbeat. Never throws. */
  readonly send: (text: string) => void
  /** The characters, or bytes, that were sent and that the peer or the network has not taken. */
  readonly buffered: () => number
  /** Closes, and tells the peer why if it is refused. What was sent before is delivered if it can be. */
  readonly close: (refusal?: Refused) => void
  /** How many messages came, also for others on the same socket. Default: those `received`. */
  readonly heard?: () => number
}

/** A way to many peers at once. Messages may be lost, doubled, late, out of order, overheard. */
export interface BusTransport {
  readonly kind: 'bus'
  /** Joins. `received` takes each message of others, plain JSON as `send` took it. */
  readonly open: (received: (message: unknown) => void) => Bus
}

export interface Bus {
  readonly send: (message: unknown) => void
  readonly close: () => void
}

/** A way to one peer that answers questions and never speaks first. */
export interface PollTransport {
  readonly kind: 'poll'
  readonly pace?: Pace
  /** So many ms lie between two rounds. */
  readonly every: number
  /** Asks the peer. Rejects if no answer came: then the question is asked again, later. */
  readonly ask: (question: Question) => Promise<Answer>
}

export interface Question {
  /** The data type: `name`, or `name@version`. */
  readonly type: string
  /** Plain JSON. */
  readonly message: unknown
  readonly signal: AbortSignal
}

export type Answer =
  /** Plain JSON, not checked. */
  | { readonly _tag: 'Message'; readonly message: unknown }
  /** The peer has nothing to say. */
  | { readonly _tag: 'None' }
  | { readonly _tag: 'Refused'; readonly refusal: Refused }

/** The data type of a store, as transports tell it. */
export const typeOf = ({ name, version }: { readonly name: string; readonly version?: string }): string =>
  version === undefined ? name : `${name}@${version}`
