/** A link for a transport of one's own: text in, text out. */
import { createLink as link, type Announcement, type LinkOptions as Options, type Status } from '../Link.js'
import { createListeners } from '../store/Cell.js'
import type { Store } from '../store.js'

export interface LinkOptions extends Options {
  /** Called for header, syncSent, syncReceived, sync, rejections and refusals. */
  readonly announce?: (announcement: Announcement) => void
}

/** One side of a talk with one peer. */
export interface Link {
  /**
   * Takes text or bytes from the peer, cut anywhere. Never throws. If it gives a promise, call it
   * again only after that: with `security`, verdicts take time.
   */
  readonly write: (text: string | Uint8Array) => Promise<void> | undefined
  /**
   * Lines for the peer: at least `size` characters, if there are so many, and at most 64 lines and
   * 256 kB of presence more. Default 16,384. Empty: nothing for now. Undefined: never again, so the
   * transport may close.
   */
  readonly read: (size?: number) => string | undefined
  /** Calls when there may be something to `read`. Returns the end of that. */
  readonly onWake: (listener: () => void) => () => void
  /** Lets go of the store, also while a listener runs. After that every call does nothing. */
  readonly close: () => void
  /** How the link stands. O(s), and O(d log u) for d updates to be told. */
  readonly status: () => Status
}

/** What `read` gives by default: small enough to yield, large enough to be cheap. */
const CHARACTERS_A_READ = 1 << 14

/**
 * Joins a store and one peer over a transport that keeps the order of what it carries and loses
 * nothing until it closes. Make a new one for every peer and every connection: what was under way
 * when a connection broke comes with the next. Costs as `Session`.
 *
 * @example
 * import * as t from 'io-ts'
 * const [ann, ben] = ['ann', 'ben'].map((id) => createStore(scuttlebutt(Model.of(t.number)), id))
 * ann.change(Model.set('x', 1))
 * const [left, right] = [createLink(ann), createLink(ben)]
 * const pass = () => [right.write(left.read()), left.write(right.read())]
 * pass() && pass() && pass()
 * Model.toJSON(ben.getReplica().state) // => { x: 1 }
 * left.status().phase // => 'synced'
 */
export const createLink = <S, C>(store: Store<S, C>, options: LinkOptions = {}): Link => {
  const { announce = () => undefined, ...rest } = options
  const { add, tell, clear } = createListeners()
  const wake = (): void => {
    tell(undefined)
  }
  const silent = (): void => {
    inner.close()
    isOver = true
    wake()
  }
  const inner = link(store, rest, { announce, wake, silent })
  let isOver = false
  return {
    write: (text) => inner.write(text),
    read: (size = CHARACTERS_A_READ) => (isOver ? undefined : inner.read(size)),
    onWake: add,
    close: () => {
      isOver = true
      inner.close()
      clear()
    },
    status: () => inner.status(),
  }
}
