/** A store and one peer, joined by a session: the part that node streams and web streams have in common. */
import type { Rejection } from '../core/Rejection.js'
import type { Update } from '../core/Update.js'
import * as Lines from '../wire/Lines.js'
import { MAX_DRIFT, MAX_LINE, type Policy } from '../wire/Policy.js'
import * as Session from '../wire/Session.js'
import * as WireMessage from '../wire/WireMessage.js'
import type { Store } from './store.js'

export interface LinkOptions extends Session.Options {
  /** What the peer may send. Default: lines of 1 MiB, timestamps up to a day ahead of our clock. */
  readonly policy?: Omit<Policy, 'now'>
  /** The wall clock, in ms. Default `Date.now`. */
  readonly now?: () => number
  /** Close when the peer has said nothing for so many ms. Default: never. */
  readonly timeout?: number
}

/** What a link tells its adapter. */
export interface LinkEvents {
  readonly announce: (announcement: Session.Announcement) => void
  /** There may be something to {@link Link.read}. */
  readonly wake: () => void
  /** The peer was silent for too long. */
  readonly silent: () => void
}

export interface Link {
  /** Takes bytes from the peer. Never throws, whatever they are. */
  readonly write: (chunk: Uint8Array | string) => void
  /** The peer will write no more. */
  readonly end: () => void
  /** Lines for the peer, about `size` characters of them; empty if there is nothing for now, undefined if never again. */
  readonly read: (size: number) => string | undefined
  /** Lets go of the store. */
  readonly close: () => void
}

/** As many messages are taken from the session at once: what one read may go over its size by. */
const PIECE = 64

export const createLink = <S, C>(store: Store<S, C>, options: LinkOptions, events: LinkEvents): Link => {
  const { dataType } = store.scuttlebutt
  const { maxBytes = MAX_LINE, maxDrift = MAX_DRIFT, ...limits } = options.policy ?? {}
  const now = options.now ?? Date.now
  const decode = WireMessage.decode(dataType)
  const encode = WireMessage.encode(dataType)
  let session = Session.open<C>(options)
  let lines = Lines.empty
  let closed = false

  const announce = (announcements: ReadonlyArray<Session.Announcement>): void => {
    for (const announcement of announcements) events.announce(announcement)
  }

  const receive = (received: ReadonlyArray<Lines.Line>): void => {
    const decodeLine = decode({ ...limits, maxDrift, now: now() })
    const messages = received.map((line) => (line._tag === 'Left' ? line : decodeLine(line.right)))
    const step = Session.receive(dataType)(messages)(session, store.getReplica())
    session = step.session
    if (step.updates.length > 0) apply(step.updates)
    announce(step.announce)
    if (!closed) events.wake()
  }

  /** What the peer sent must not throw through us, even where it meets a data type that is not total. */
  const apply = (updates: ReadonlyArray<Update<C>>): void => {
    try {
      store.apply(updates)
    } catch (error) {
      session = Session.fail(session)
      announce([{ _tag: 'rejection', rejection: { _tag: 'Failed', at: '', reason: String(error) } }])
    }
  }

  const unsubscribe = store.subscribe(() => {
    if (!closed) events.wake()
  })

  const watch = deadline(options.timeout, () => {
    const rejection: Rejection = { _tag: 'Silent', at: '', timeout: options.timeout ?? 0 }
    announce([{ _tag: 'rejection', rejection }])
    events.silent()
  })

  return {
    write: (chunk) => {
      if (closed) return
      watch.postpone()
      const [complete, rest] = Lines.push(chunk, maxBytes)(lines)
      lines = rest
      if (complete.length > 0) receive(complete)
    },
    end: () => {
      if (closed) return
      watch.cancel()
      const last = Lines.end(lines, maxBytes)
      lines = Lines.empty
      session = Session.peerEnds(session)
      receive(last)
    },
    read: (size) => {
      if (closed) return undefined
      let text = ''
      while (text.length < size) {
        const { send, ...step } = Session.send<C>(PIECE)(session, store.getReplica())
        session = step.session
        for (const message of send) text += encode(message)
        announce(step.announce)
        if (send.length === 0) break
      }
      return text === '' && Session.isDone(session) ? undefined : text
    },
    close: () => {
      closed = true
      unsubscribe()
      watch.cancel()
      lines = Lines.empty
    },
  }
}

interface Deadline {
  readonly postpone: () => void
  readonly cancel: () => void
}

/** Calls once, when it was not postponed for `ms`. */
const deadline = (ms: number | undefined, call: () => void): Deadline => {
  const start = (): ReturnType<typeof setTimeout> | undefined => (ms === undefined ? undefined : setTimeout(call, ms))
  let timer = start()
  const cancel = (): void => {
    clearTimeout(timer)
  }
  return {
    cancel,
    postpone: () => {
      cancel()
      timer = start()
    },
  }
}
