/** A store and one peer, joined by a session: what node streams and web streams have in common. */
import * as Prefix from '../core/Prefix.js'
import * as Past from '../core/Past.js'
import type { Update } from '../core/Update.js'
import type { Rejection } from '../scuttlebutt.js'
import * as format from '../wire/lines/format.js'
import * as Lines from '../wire/lines/Lines.js'
import { MAX_DRIFT, MAX_LINE, type Policy } from '../wire/Policy.js'
import * as Session from '../wire/Session.js'
import type { Store } from './store.js'
import { portOf, type Tell } from './store/Port.js'

/** What happened, for whoever listens. */
export type Announcement = Session.Announcement<Rejection>

export interface LinkOptions extends Session.Options {
  /** The limits for the peer. Default: lines of 1 MiB, timestamps up to a day ahead of our clock. */
  readonly policy?: Omit<Policy, 'now'>
  /** The wall clock, in ms. Default `Date.now`. */
  readonly now?: () => number
  /** Close when the peer has said nothing for so many ms. Default: never. */
  readonly timeout?: number
}

/** What a link tells its adapter. */
export interface LinkEvents {
  readonly announce: (announcement: Announcement) => void
  /** There may be something to {@link Link.read}. */
  readonly wake: () => void
  /** The peer was silent for too long. */
  readonly silent: () => void
}

export interface Link {
  /**
   * Takes bytes from the peer. Never throws. If it gives a promise, the next bytes are to wait for it.
   */
  readonly write: (chunk: Uint8Array | string) => Promise<void> | undefined
  /** The peer will write no more. */
  readonly end: () => Promise<void> | undefined
  /** About `size` characters of lines for the peer. Empty: nothing for now; undefined: never again. */
  readonly read: (size: number) => string | undefined
  /** Lets go of the store. */
  readonly close: () => void
}

/** So many messages are taken from the session at once. One read may exceed its size by these. */
const MESSAGES_A_READ = 64

/** Refusals that may hide the source's true update: its later ones are held back. */
const STOPS: ReadonlySet<Rejection['_tag']> = new Set(['Unsigned', 'Forged', 'NoKey', 'TooMany', 'HeldBack'])

/** After so many stopped sources nothing more of the peer is believed. */
const MAX_STOPPED = 1000

export const createLink = <S, C>(store: Store<S, C>, options: LinkOptions, events: LinkEvents): Link => {
  const { dataType } = store.scuttlebutt
  const port = portOf(store)
  const { maxBytes = MAX_LINE, maxDrift = MAX_DRIFT, ...limits } = options.policy ?? {}
  const now = options.now ?? Date.now
  const decode = format.decode(dataType)
  const encode = format.encode(dataType)
  let session = Session.open<C>(options)
  let lines = Lines.empty
  let closed = false
  /** Verdicts on the peer's updates are out. What is to be said depends on them. */
  let isReceiving = false

  const announce = (announcements: ReadonlyArray<Announcement>): void => {
    for (const announcement of announcements) events.announce(announcement)
  }

  const refuse: Tell = (rejection) => {
    announce([{ _tag: 'rejection', rejection }])
  }

  const receive = (received: ReadonlyArray<Lines.Line>): Promise<void> | undefined => {
    const decodeLine = decode({ ...limits, maxDrift, now: now() })
    const messages = received.map((line) => (line._tag === 'Left' ? line : decodeLine(line.right)))
    const heard = Session.receive(dataType)(messages, port.past())(session, store.getReplica())
    session = heard.session
    const receiving = heard.arrivals && receiveUpdates(heard.arrivals)
    isReceiving = receiving !== undefined
    const finish = (): void => {
      isReceiving = false
      announce(heard.announce)
      if (!closed) events.wake()
    }
    if (receiving !== undefined) return receiving.then(finish)
    finish()
    return undefined
  }

  /** What the peer sent, but for sources of which something was refused: the next stream begins anew. */
  const receiveUpdates = (arrivals: Past.ArrivalsWithPast<C>): Promise<void> | undefined => {
    if (Prefix.size(stopped) === 0) return port.receive(arrivals, refuseFromPeer)
    const allowed: Update<C>[] = []
    for (const update of Past.news(arrivals)) {
      const held = Prefix.heldBack(update)(stopped)
      if (held === undefined) allowed.push(update)
      else refuse(held)
    }
    return port.receive(Past.sort(dataType)(allowed, arrivals.past)(store.getReplica()), refuseFromPeer)
  }

  let stopped = Prefix.empty

  /** One function for all updates of this peer: the gate tells peers apart by it. */
  const refuseFromPeer: Tell = (rejection) => {
    if (STOPS.has(rejection._tag) && 'update' in rejection) {
      stopped = Prefix.stop(rejection.update as Update<unknown>)(stopped)
    }
    if (rejection._tag === 'Failed' || Prefix.size(stopped) > MAX_STOPPED) session = Session.fail(session)
    refuse(rejection)
  }

  const unsubscribe = store.subscribe(() => {
    if (!closed) events.wake()
  })

  const watch = deadline(options.timeout, () => {
    refuse({ _tag: 'Silent', at: '', timeout: options.timeout ?? 0 })
    events.silent()
  })

  return {
    write: (chunk) => {
      if (closed) return
      watch.postpone()
      const [complete, rest] = Lines.push(chunk, maxBytes)(lines)
      lines = rest
      return complete.length > 0 ? receive(complete) : undefined
    },
    end: () => {
      if (closed) return
      watch.cancel()
      const last = Lines.end(lines, maxBytes)
      lines = Lines.empty
      session = Session.peerEnds(session)
      return receive(last)
    },
    read: (size) => {
      if (closed) return undefined
      if (isReceiving) return ''
      let text = ''
      while (text.length < size) {
        const sent = Session.send<C>(MESSAGES_A_READ, port.past())(session, store.getReplica())
        session = sent.session
        for (const message of sent.send) text += encode(message)
        announce(sent.announce)
        if (sent.send.length === 0) break
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

/** Calls once, `ms` after the last postponement. */
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
