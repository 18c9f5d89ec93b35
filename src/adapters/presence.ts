/** scuttlebutt-ts/presence: who is here, and what they point at. Never in the log, never saved. */
import type { either as E } from 'fp-ts'
import { left, right } from '../core/Either.js'
import * as Json from '../core/Json.js'
import { path } from '../core/Rejection.js'
import * as Own from './presence/Own.js'
import type { PresencePort } from './presence/Port.js'
import { LIMITS, Relay } from './presence/relay.js'
import * as Said from './presence/Said.js'
import { createListeners, notify } from './store/Cell.js'

export type { PresencePort } from './presence/Port.js'

/** What reads a peer's value, such as an io-ts codec or one made by `schema`. */
export interface ValueDecoder<V> {
  readonly decode: (value: unknown) => E.Either<unknown, V>
}

export interface PresenceOptions {
  /** Who this is: one for each tab or program that runs, and not for a user or a replica. */
  readonly id: string
  /**
   * A peer that is silent for so many ms is gone. One's own value is told at least three times in
   * that time. Default 30,000.
   */
  readonly timeout?: number
  /** The most peers that are known; more are refused. Default 1,000. */
  readonly maxPeers?: number
  /** The most bytes of an id and its value as JSON, of peers too. Default 4,096. */
  readonly maxBytes?: number
  /** The wall clock, in ms. Default `Date.now`. */
  readonly now?: () => number
}

/** Why a value is not told. */
export type PresenceError =
  /** The value is no JSON, or nested deeper than 32. `at` is where. */
  | { readonly _tag: 'InvalidValue'; readonly at: string; readonly expected: string }
  /** The id and the value take too many bytes. */
  | { readonly _tag: 'ValueTooLarge'; readonly bytes: number; readonly limit: number }

type AnyOptions = PresenceOptions & { readonly codec?: ValueDecoder<unknown> }

/**
 * Pass it as `presence` to each stream, link or connection over a wire. Buses and polls do not
 * carry it.
 */
export interface Presence<V> extends PresencePort {
  readonly id: string
  /** Tells a value of oneself; null is leaving. Errors: `InvalidValue`, `ValueTooLarge`. */
  readonly set: (value: V | null) => E.Either<PresenceError, void>
  /** One's own value; null for none. */
  readonly value: () => V | null
  /**
   * The values of the others who are here, by id. The same map as long as none changes. One that
   * the codec refuses is not among them, and is passed on.
   */
  readonly peers: () => ReadonlyMap<string, V>
  /** Calls when {@link peers} or one's own value is another one. Returns the end of that. */
  readonly onChange: (listener: () => void) => () => void
  /** Leaves, and stops. After that it tells nothing and hears nothing. */
  readonly close: () => void
}

/**
 * A presence. It is told over any number of connections, and passes on what it hears by one to the
 * others, so a server needs one for each document; `serve` has one. Nobody vouches for who says
 * what: a peer can speak as any id. Memory is bounded by `maxPeers` times `maxBytes`. A line costs
 * O(1), and one line to each other connection.
 *
 * Without a link, `subscribe` gives lines, `'["ann",1760000000000,{"at":3}]'`, and `receive` takes
 * them, also with `PRESENCE ` before them as on a link.
 *
 * @example
 * const [ann, server, ben] = ['ann', 'server', 'ben'].map((id) => createPresence({ id }))
 * const join = (a, b, link = Symbol()) => {
 *   a.subscribe((line) => b.receive(line, link), link)
 *   b.subscribe((line) => a.receive(line, link), link)
 * }
 * join(ann, server)
 * join(server, ben)
 * ann.set({ at: 3 })
 * ben.peers() // => new Map([['ann', { at: 3 }]])
 * ann.close()
 * ben.peers() // => new Map()
 * server.close()
 * ben.close()
 */
export function createPresence<V>(options: PresenceOptions & { readonly codec: ValueDecoder<V> }): Presence<V>
export function createPresence(options: PresenceOptions): Presence<unknown>
export function createPresence(options: AnyOptions): Presence<unknown> {
  const { id, codec, now = Date.now, timeout = LIMITS.timeout } = options
  const { maxPeers = LIMITS.maxPeers, maxBytes = LIMITS.maxBytes } = options
  const limits = { timeout, maxPeers, maxBytes }
  const listeners = createListeners()
  const view = viewOf(codec)
  const relay = new Relay(limits, now, () => {
    view.changed()
    listeners.tell(undefined)
  })
  const own = speakerOf(id, relay, now, () => {
    listeners.tell(undefined)
  })
  let isOpen = true
  const timer = each(timeout / TICKS, () => {
    relay.tick()
    own.beat(timeout)
  })

  return {
    id,
    set: (value) => {
      const copied = told(id, value, maxBytes)
      if (copied._tag === 'Left') return copied
      if (isOpen) own.say(copied.right)
      return right(undefined)
    },
    value: own.value,
    peers: () => view.read(relay.entries),
    onChange: listeners.add,
    subscribe: (tell, peer) => {
      if (!isOpen) return () => undefined
      const said = own.again()
      if (said !== undefined) notify(tell, Said.encode(said))
      return relay.subscribe(tell, peer)
    },
    receive: (line, peer, most) => {
      const said = isOpen ? Said.decode(line, now(), limits) : undefined
      if (said?.[0] === id) own.hear(said)
      else if (said !== undefined) relay.hear(said, peer, most)
    },
    gone: relay.gone,
    close: () => {
      if (!isOpen) return
      isOpen = false
      clearInterval(timer)
      if (own.value() !== null) own.say(null)
      relay.clear()
      listeners.clear()
    },
  }
}

/** Says by a relay what one says of oneself. Calls `changed` when the value is another one. */
const speakerOf = (id: string, relay: Relay, now: () => number, changed: () => void) => {
  let own = Own.open(id)
  const say = (value: unknown): void => {
    const { value: before } = own
    own = Own.say(value, now())(own)
    relay.tell(Own.said(own))
    if (value !== before) changed()
  }
  return {
    say,
    value: () => own.value,
    beat: (timeout: number) => {
      if (Own.isDue(now(), timeout)(own)) say(own.value)
    },
    /** The value under a new count, so that it is news also to those who saw a connection end. */
    again: (): Said.Said | undefined => {
      if (own.value === null) return undefined
      say(own.value)
      return Own.said(own)
    },
    hear: (said: Said.Said) => {
      const next = Own.hear(said)(own)
      if (next === own) return
      own = next
      // somebody took us for gone
      if (said[2] === null && own.value !== null) say(own.value)
    },
  }
}

/** A timer that keeps no program from its end. */
const each = (ms: number, call: () => void): ReturnType<typeof setInterval> => {
  const timer = setInterval(call, ms)
  if (typeof timer === 'object') (timer as { readonly unref?: () => void }).unref?.()
  return timer
}

/** A value as it is told. */
const told = (id: string, value: unknown, limit: number): E.Either<PresenceError, unknown> => {
  const copied = Json.copy(value, Said.MAX_DEPTH)
  if (copied instanceof Json.Unfit) {
    return left({ _tag: 'InvalidValue', at: path(copied.at), expected: copied.expected })
  }
  const bytes = Said.bytes(id, copied)
  return bytes > limit ? left({ _tag: 'ValueTooLarge', bytes, limit }) : right(copied)
}

/** The timer looks so many times a timeout: an entry lapses at most a twelfth of it late. */
const TICKS = 12

/** The values that the codec reads, in the order of ids: one map until {@link View.changed}. */
interface View {
  readonly read: (entries: Relay['entries']) => ReadonlyMap<string, unknown>
  readonly changed: () => void
}

const viewOf = (codec: ValueDecoder<unknown> | undefined): View => {
  let shown: ReadonlyMap<string, unknown> = new Map()
  let values = new Map<string, unknown>()
  let isCurrent = true
  const read = (entries: Relay['entries']): void => {
    const next = new Map<string, unknown>()
    const nextValues = new Map<string, unknown>()
    for (const id of [...entries.keys()].sort()) {
      const { value } = entries.get(id)!
      if (value === null) continue
      const isSame = values.get(id) === value
      // a codec may give a new object each time
      const decoded = codec === undefined ? right(value) : isSame ? right(shown.get(id)) : codec.decode(value)
      if (decoded._tag === 'Left') continue
      next.set(id, decoded.right)
      nextValues.set(id, value)
    }
    ;[shown, values, isCurrent] = [next, nextValues, true]
  }
  return {
    read: (entries) => {
      if (!isCurrent) read(entries)
      return shown
    },
    changed: () => {
      isCurrent = false
    },
  }
}
