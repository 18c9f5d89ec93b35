/** What one peer, and all peers together, may cost a server. */
import { MAX_FRAME } from '../connect/frames.js'

/** The limits of {@link serve}. Sizes are bytes, times are ms. */
export interface ServeLimits {
  /** Sockets at once. One more is closed with code 1013. Default 10,000. */
  readonly sockets?: number
  /** Documents of one socket. One more is refused with `TooMany`. Default 100. */
  readonly documents?: number
  /**
   * The most others, by their ids, that a socket may bring to the presence of a document; one more
   * is not heard. One who left counts for 30 s. Default 16.
   */
  readonly presences?: number
  /** What a socket may send a second; a faster one is read later. Default 4 MiB. */
  readonly bytesPerSecond?: number
  /**
   * The longest message. A longer one closes its socket with code 1009. Default 2 MiB + 64 kB; a
   * greater limit changes nothing, as no message of ours is longer.
   */
  readonly messageBytes?: number
  /** What waits for a slow reader before no more is read from its links. Default 256 kB. */
  readonly buffer?: number
  /** HTTP requests at once. One more gets 503. Default 100. */
  readonly requests?: number
  /** The longest body of a request. A longer one gets 413. Default 2 MiB. */
  readonly bodyBytes?: number
  /** How long a socket may have no document open. Default 60,000. */
  readonly idle?: number
  /**
   * A socket whose peer sends nothing, or takes nothing that waits, for so long is cut. A request
   * gets 408 if so long brings neither 64 kB of its body nor the end. Default 45,000.
   */
  readonly timeout?: number
  /** A socket is sent `[]` if nothing else was for so long. Default 15,000. */
  readonly heartbeat?: number
}

const DEFAULTS: Required<ServeLimits> = {
  sockets: 10_000,
  documents: 100,
  presences: 16,
  bytesPerSecond: 4 << 20,
  messageBytes: MAX_FRAME,
  buffer: 256 << 10,
  requests: 100,
  bodyBytes: 2 << 20,
  idle: 60_000,
  timeout: 45_000,
  heartbeat: 15_000,
}

/** The defaults, where a limit is not given. */
export const limitsOf = (given: ServeLimits = {}): Required<ServeLimits> => {
  const limits: Record<string, number> = { ...DEFAULTS }
  for (const [name, value] of Object.entries(given) as ReadonlyArray<readonly [string, number | undefined]>) {
    if (value !== undefined) limits[name] = value
  }
  return limits as unknown as Required<ServeLimits>
}
