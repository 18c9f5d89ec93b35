/** A store and one peer, joined by a session: the part that node streams and web streams have in common. */
import type { Rejection } from '../core/Rejection.js'
import type { SourceId, Update } from '../core/Update.js'
import { heldBack } from '../trust/verify.js'
import * as Lines from '../wire/lines/Lines.js'
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
  /** Takes bytes from the peer. Never throws, whatever they are. The next are to wait for what it gives, if it gives anything. */
  readonly write: (chunk: Uint8Array | string) => Promise<void> | undefined
  /** The peer will write no more. */
  readonly end: () => Promise<void> | undefined
  /** Lines for the peer, about `size` characters of them; empty if there is nothing for now, undefined if never again. */
  readonly read: (size: number) => string | undefined
  /** Lets go of the store. */
  readonly close: () => void
}

/** As many messages are taken from the session at once: what one read may go over its size by. */
const PIECE = 64

/** Refusals of an update that may be another than its source's own: what comes after it must wait for that one. */
const STOPS: ReadonlySet<Rejection['_tag']> = new Set(['Unsigned', 'Forged', 'NoKey', 'TooMany', 'HeldBack'])

/** As many sources a peer may spoil before nothing more of it is believed. */
const MAX_STOPPED = 1000

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

  const refuse = (rejection: Rejection): void => {
    announce([{ _tag: 'rejection', rejection }])
  }

  const receive = (received: ReadonlyArray<Lines.Line>): Promise<void> | undefined => {
    const decodeLine = decode({ ...limits, maxDrift, now: now() })
    const messages = received.map((line) => (line._tag === 'Left' ? line : decodeLine(line.right)))
    const step = Session.receive(dataType)(messages)(session, store.getReplica(), store.past?.())
    session = step.session
    if (store.admit === undefined) apply(step)
    const admitting = store.admit && admit(step.updates, store.admit)
    const finish = (): void => {
      isAdmitting = false
      announce(step.announce)
      if (!closed) events.wake()
    }
    isAdmitting = admitting !== undefined
    if (admitting !== undefined) return admitting.then(finish)
    finish()
    return undefined
  }
  /** What the peer sent is being verified: what is to be said depends on it. */
  let isAdmitting = false

  /** What the peer sent must not throw through us, even where it meets a data type that is not total. */
  const apply = ({ updates, equivocations }: Session.Received<C>): void => {
    if (updates.length === 0) return
    try {
      store.apply(updates)
    } catch (error) {
      fail(error)
    }
    for (const rejection of equivocations) refuse(rejection)
  }

  const fail = (error: unknown): void => {
    session = Session.fail(session)
    refuse({ _tag: 'Failed', at: '', reason: String(error) })
  }

  /**
   * As {@link apply}, through a gate. A source of which an update was refused here is not heard here any more, for
   * what comes after would hide for good what that update should have been. The next stream begins anew.
   */
  const admit = (
    updates: ReadonlyArray<Update<C>>,
    through: NonNullable<Store<S, C>['admit']>,
  ): Promise<void> | undefined => {
    const heard: Update<C>[] = []
    for (const update of updates) {
      const after = stopped.get(update[2])
      if (after === undefined) heard.push(update)
      else refuse(heldBack(update, after))
    }
    try {
      return heard.length === 0 ? undefined : through(heard, turnedAway)?.catch(fail)
    } catch (error) {
      fail(error)
      return undefined
    }
  }

  const stopped = new Map<SourceId, Update<unknown>>()

  /** One function for all, by which the gate knows what comes from whom. */
  const turnedAway = (rejection: Rejection): void => {
    if (STOPS.has(rejection._tag) && 'update' in rejection) {
      const update = rejection.update as Update<unknown>
      if (!stopped.has(update[2])) stopped.set(update[2], update)
      if (stopped.size > MAX_STOPPED) session = Session.fail(session)
    }
    if (rejection._tag === 'Failed') session = Session.fail(session)
    refuse(rejection)
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
      if (isAdmitting) return ''
      let text = ''
      while (text.length < size) {
        const { send, ...step } = Session.send<C>(PIECE, store.past?.())(session, store.getReplica())
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
