/**
 * Passes on who is here: what one connection tells goes to the others. Says nothing of itself.
 *
 * Each peer counts what it says of itself; only a greater count is news, and only news is passed
 * on, so lines end also where links form circles.
 *
 * Source: the awareness protocol of Yjs (y-protocols, awareness.js), with ages added: an entry
 * lapses everywhere a `timeout` after its own peer spoke, not after it was last passed on.
 */
import * as Json from '../../core/Json.js'
import { notify } from '../store/Cell.js'
import type { PresencePort } from './Port.js'
import { decode, encode, type Limits, type Said } from './Said.js'

/** What is known of a peer. One that left is remembered, so that no late copy brings it back. */
export interface Entry {
  readonly count: number
  /** Frozen JSON; null if it has left. An equal value stays the same object. */
  readonly value: unknown
  /** When the peer itself said so, in ms by our clock. */
  readonly at: number
  /** The connection that brought this count. */
  readonly via: symbol
}

export const LIMITS: Limits = { timeout: 30_000, maxPeers: 1000, maxBytes: 4096 }

/** A relay that calls `changed` when the values of its entries are others. It has no timer. */
export class Relay implements PresencePort {
  readonly entries = new Map<string, Entry>()
  readonly #limits: Limits
  readonly #now: () => number
  readonly #changed: () => void
  readonly #tellers = new Set<{ readonly line: (line: string) => void; readonly peer: symbol | undefined }>()
  /** How many of the entries each connection brought. */
  readonly #shares = new Map<symbol, number>()

  constructor(limits: Limits, now: () => number, changed = (): void => undefined) {
    this.#limits = limits
    this.#now = now
    this.#changed = changed
  }

  /** Tells every connection but one. */
  tell(said: Said, except?: symbol): void {
    const text = encode(said)
    for (const { line, peer } of [...this.#tellers]) if (except === undefined || peer !== except) notify(line, text)
  }

  readonly subscribe: PresencePort['subscribe'] = (line, peer) => {
    for (const [id, { count, value, at }] of this.entries) notify(line, encode([id, count, value, this.#age(at)]))
    const teller = { line, peer }
    this.#tellers.add(teller)
    return () => void this.#tellers.delete(teller)
  }

  readonly receive: PresencePort['receive'] = (line, peer, most) => {
    const said = decode(line, this.#now(), this.#limits)
    if (said !== undefined) this.hear(said, peer, most)
  }

  /** Takes what a line says. O(1), and a line to each other connection if it is news. */
  hear(said: Said, via: symbol, most = Infinity): void {
    const [id, count, value, age] = said
    const held = this.entries.get(id)
    const before = held?.value ?? null
    // a connection takes back what it brought: the peer behind it is gone
    const isTakenBack = count === held?.count && value === null && before !== null && via === held.via
    const isNews = held === undefined ? this.entries.size < this.#limits.maxPeers : count > held.count || isTakenBack
    if (!isNews || (held?.via !== via && (this.#shares.get(via) ?? 0) >= most)) return
    this.#drop(id)
    const isEqual = Json.equals(before, value)
    this.entries.set(id, { count, value: isEqual ? before : value, at: this.#now() - age, via })
    this.#shares.set(via, (this.#shares.get(via) ?? 0) + 1)
    this.tell(said, via)
    if (!isEqual) this.#changed()
  }

  readonly gone: PresencePort['gone'] = (peer) => {
    const theirs = [...this.entries].filter(([, { via }]) => via === peer)
    for (const [id] of theirs) this.#drop(id)
    const present = theirs.filter(([, { value }]) => value !== null)
    for (const [id, { count, at }] of present) this.tell([id, count, null, this.#age(at)], peer)
    if (present.length > 0) this.#changed()
  }

  /** Drops who is silent. To be called now and then. O(peers). */
  tick(): void {
    const [now, { timeout }] = [this.#now(), this.#limits]
    let isOther = false
    for (const [id, entry] of this.entries) {
      if (now - entry.at >= timeout) {
        this.#drop(id)
        isOther ||= entry.value !== null
      }
      // the clock was set back
      else if (entry.at > now) this.entries.set(id, { ...entry, at: now })
    }
    if (isOther) this.#changed()
  }

  /** Forgets all peers and connections. */
  clear(): void {
    this.#tellers.clear()
    this.#shares.clear()
    const isEmpty = this.entries.size === 0
    this.entries.clear()
    if (!isEmpty) this.#changed()
  }

  #age(at: number): number {
    return Math.max(0, this.#now() - at)
  }

  #drop(id: string): void {
    const via = this.entries.get(id)?.via
    if (via === undefined) return
    this.entries.delete(id)
    const share = this.#shares.get(via)! - 1
    if (share === 0) this.#shares.delete(via)
    else this.#shares.set(via, share)
  }
}
