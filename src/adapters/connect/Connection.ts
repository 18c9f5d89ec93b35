/** What `connect` gives, and what all kinds of connections share. */
import type { either as E } from 'fp-ts'
import type { Digest } from '../../core/Digest.js'
import type { Announcement, LinkOptions } from '../Link.js'
import { createListeners } from '../store/Cell.js'
import type { Refused } from './frames.js'
import type { PaceOptions } from './pace.js'

/** How a connection stands. */
export interface Status {
  /**
   * `connecting`: no peer has been heard on this connection yet. `syncing`: it has, and the two
   * have not told each other all that they had. `synced`: they have. `offline`: closed, or waiting
   * before the next try. `failed`: it will not try again.
   */
  readonly phase: 'connecting' | 'syncing' | 'synced' | 'offline' | 'failed'
  /**
   * The updates that no peer was told over this connection. After a cut, what was under way counts
   * as told until the next peer says what it has.
   */
  readonly unsent: number
  /** Whether something from the peer was refused: the two may differ until they meet anew. */
  readonly refused: boolean
  /**
   * Why the peer, or `onPeer`, refused us, until a peer takes us; never on a bus. Tags of ours:
   * `OtherType`, `Unauthorized`, `InvalidUrl`, which are final; `TooMany`, `Failed`, `Closing`,
   * `Status` of HTTP, `InvalidFrame`, `FrameTooLong`, `Overrun`, after which it tries again.
   */
  readonly refusal?: Refused
}

export interface Connection {
  /** How it stands now. O(s), and O(d log u) for d updates to be told. */
  readonly status: () => Status
  /** Calls when the status may be another one. Returns the end of that. */
  readonly subscribe: (listener: () => void) => () => void
  /**
   * Ends it. Lets go of the store at once, and tells the peer, except over a poll. The only way to
   * stop. Safe at any time, also in a listener, and more than once. What was not sent stays in the
   * store.
   */
  readonly close: () => void
}

/** `meta` and `presence` pass over wires alone: buses and polls do not carry them. */
export interface ConnectOptions
  extends PaceOptions, Pick<LinkOptions, 'meta' | 'policy' | 'trusted' | 'now' | 'presence'> {
  /**
   * Judges a peer by its header, before anything of it is taken or told. After a `Left` the
   * connection has failed; on a bus that message is dropped. A `Left` should be a tagged record.
   */
  readonly onPeer?: (header: Digest) => E.Either<unknown, unknown>
  /** The peer, or `onPeer`, refused this connection. */
  readonly onRefusal?: (refusal: Refused) => void
  /**
   * Called for header, syncSent, syncReceived, sync, rejections and refused updates; on buses and
   * polls for rejections alone.
   */
  readonly announce?: (announcement: Announcement) => void
}

/** Refusals that no later try can mend. */
export const FINAL: ReadonlySet<string> = new Set(['OtherType', 'Unauthorized', 'InvalidUrl'])

/** The longest refusal that a peer is told, in characters of JSON. */
const MAX_REFUSAL = 1 << 16

/**
 * The refusal that a `Left` of a hook makes: itself, if it has a tag; the tag alone, if JSON cannot
 * carry the rest, as of an error of a driver, or if it is too long.
 */
export const refusalBy = (reason: unknown, otherwise = 'onPeer refused the peer'): Refused => {
  const isTagged = typeof reason === 'object' && reason !== null && '_tag' in reason
  if (isTagged && typeof reason._tag === 'string') {
    return isTellable(reason) ? (reason as Refused) : { _tag: reason._tag }
  }
  return { _tag: 'Unauthorized', reason: typeof reason === 'string' ? reason : otherwise }
}

const isTellable = (reason: object): boolean => {
  try {
    return JSON.stringify(reason).length <= MAX_REFUSAL
  } catch {
    return false
  }
}

/** Why `onPeer` refuses a peer; undefined if it does not. One that throws refuses it. */
export const judge = (onPeer: ConnectOptions['onPeer'], header: Digest): Refused | undefined => {
  try {
    const judged = onPeer?.(header)
    return judged?._tag === 'Left' ? refusalBy(judged.left) : undefined
  } catch (error) {
    return refusalBy(String(error))
  }
}

/** Listeners of a status, told once for all that happens in one turn. */
export interface Bell {
  readonly subscribe: (listener: () => void) => () => void
  readonly ring: () => void
}

export const createBell = (): Bell => {
  const { add, tell, isEmpty } = createListeners()
  let isRinging = false
  return {
    subscribe: add,
    ring: () => {
      if (isRinging || isEmpty()) return
      isRinging = true
      queueMicrotask(() => {
        isRinging = false
        tell(undefined)
      })
    },
  }
}
