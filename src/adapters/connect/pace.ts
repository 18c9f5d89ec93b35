/** Time and chance of a connection: each can be replaced, so that tests are quick and exact. */
import type { Pace } from './Transport.js'

export interface PaceOptions extends Pace {
  /** A number from 0 up to 1. Default `Math.random`. */
  readonly random?: () => number
  /** Calls once after `ms`; gives the end of that. Default `setTimeout`. */
  readonly after?: After
  /** When the network comes and goes. Default: a browser's events; elsewhere it never does. */
  readonly network?: Network
}

export type After = (ms: number, call: () => void) => () => void

export interface Network {
  /** Calls with whether there is a network, when that changes. Returns the end of that. */
  readonly subscribe: (listener: (isOnline: boolean) => void) => () => void
}

/** What a connection waits by. */
export interface Clockwork {
  readonly after: After
  readonly random: () => number
  readonly network: Network
  readonly heartbeat: number
  readonly silence: number
  readonly anew: { readonly min: number; readonly max: number }
  /** The ms to wait before a try, by the number of those that failed before. */
  readonly delay: (failures: number) => number
}

export const clockworkOf = (own: PaceOptions, transport: Pace = {}): Clockwork => {
  const { min = 500, max = 30_000 } = { ...transport.backoff, ...own.backoff }
  const random = own.random ?? Math.random
  return {
    after: own.after ?? afterTimeout,
    random,
    network: own.network ?? browserNetwork,
    heartbeat: own.heartbeat ?? transport.heartbeat ?? 15_000,
    anew: { min: 30_000, max: 600_000, ...transport.anew, ...own.anew },
    silence: own.silence ?? transport.silence ?? 45_000,
    delay: (failures) => backoff(min, max, failures) * random(),
  }
}

/**
 * The longest wait after so many failures: it doubles. A wait is any part of it (full jitter), so
 * that clients do not come back all at once.
 *
 * Source: M. Brooker, Exponential Backoff And Jitter, 2015.
 */
export const backoff = (min: number, max: number, failures: number): number => Math.min(max, min * 2 ** failures)

/** The longest timer of the platform, in ms. A longer one fires at once. */
const MAX_TIMEOUT = 2 ** 31 - 1

const afterTimeout: After = (ms, call) => {
  const timer = setTimeout(call, Math.min(ms, MAX_TIMEOUT))
  return () => {
    clearTimeout(timer)
  }
}

/** The events of a browser's window. Elsewhere there are none. */
const browserNetwork: Network = {
  subscribe: (listener) => {
    const { addEventListener, removeEventListener } = globalThis as Partial<typeof globalThis>
    if (addEventListener === undefined || removeEventListener === undefined) return () => undefined
    const [online, offline] = [
      () => {
        listener(true)
      },
      () => {
        listener(false)
      },
    ]
    globalThis.addEventListener('online', online)
    globalThis.addEventListener('offline', offline)
    return () => {
      globalThis.removeEventListener('online', online)
      globalThis.removeEventListener('offline', offline)
    }
  },
}
