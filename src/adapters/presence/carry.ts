/** Carries presence on a link: strings among its lines, which an original ignores. */
import type { Line } from '../../wire/lines/Lines.js'
import type { PresencePort } from './Port.js'
import { PREFIX } from './Said.js'

export interface Carrier {
  /** Gives the presence those of the lines that are for it. */
  readonly hear: (lines: ReadonlyArray<Line>) => void
  /** The lines for the peer since the last call. */
  readonly take: () => string
  readonly close: () => void
}

/** The beginning of its line. */
const LINE = JSON.stringify(PREFIX).slice(0, -1)

/** A slow reader misses lines beyond so many characters: the next heartbeat tells them again. */
const MAX_UNTOLD = 1 << 18

/**
 * Joins a presence to one peer, which may bring `most` others. Calls `wake` when there is something
 * to {@link Carrier.take}.
 */
export const carry = (port: PresencePort, most: number | undefined, wake: () => void): Carrier => {
  const peer = Symbol('peer')
  let untold = ''
  let isOpen = false
  const unsubscribe = port.subscribe((line) => {
    const text = `${JSON.stringify(PREFIX + line)}\n`
    if (untold.length + text.length > MAX_UNTOLD) return
    untold += text
    if (isOpen) wake()
  }, peer)
  isOpen = true
  return {
    hear: (lines) => {
      for (const line of lines) {
        if (line._tag === 'Left' || !line.right.startsWith(LINE)) continue
        const text = textOf(line.right)
        if (text !== undefined) port.receive(text.slice(PREFIX.length), peer, most)
      }
    },
    take: () => {
      const taken = untold
      untold = ''
      return taken
    },
    close: () => {
      unsubscribe()
      untold = ''
      port.gone(peer)
    },
  }
}

const textOf = (line: string): string | undefined => {
  try {
    const json: unknown = JSON.parse(line)
    return typeof json === 'string' ? json : undefined
  } catch {
    return undefined
  }
}
