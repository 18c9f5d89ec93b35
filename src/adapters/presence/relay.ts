/** Passes on who is here: what one connection tells goes to the others. Says nothing of itself. */
import { notify } from '../store/Cell.js'
import type { PresencePort } from './Port.js'
import * as State from './State.js'

export interface Relay extends PresencePort {
  readonly values: () => State.State['values']
  /** Takes what a line says, as {@link PresencePort.receive} does. */
  readonly hear: (said: State.Said, peer: symbol, most?: number) => void
  /** Tells every connection but one. */
  readonly tell: (said: State.Said, except?: symbol) => void
  /** Drops who is silent. To be called now and then. O(peers). */
  readonly tick: () => void
  /** Forgets all peers and connections. */
  readonly clear: () => void
}

export const LIMITS: State.Limits = { timeout: 30_000, maxPeers: 1000, maxBytes: 4096 }

/** A relay that calls `changed` when {@link Relay.values} are others. It has no timer. */
export const createRelay = (limits: State.Limits, now: () => number, changed = (): void => undefined): Relay => {
  const tellers = new Set<{ readonly notify: (line: string) => void; readonly peer: symbol | undefined }>()
  let state = State.empty

  const tell: Relay['tell'] = (said, except) => {
    const line = State.encode(said)
    for (const teller of [...tellers]) {
      if (except === undefined || teller.peer !== except) notify(teller.notify, line)
    }
  }
  const become = (next: State.State, told: ReadonlyArray<State.Said> = [], except?: symbol): void => {
    const { values } = state
    state = next
    for (const said of told) tell(said, except)
    if (values !== state.values) changed()
  }
  const hear: Relay['hear'] = (said, peer, most = limits.maxPeers) => {
    const next = State.hear(said, peer, most, now(), limits)(state)
    if (next !== state) become(next, [said], peer)
  }
  return {
    values: () => state.values,
    hear,
    tell,
    tick: () => {
      become(State.lapse(now(), limits)(state))
    },
    clear: () => {
      tellers.clear()
      become(State.empty)
    },
    subscribe: (tell, peer) => {
      for (const said of State.known(now())(state)) notify(tell, State.encode(said))
      const teller = { notify: tell, peer }
      tellers.add(teller)
      return () => void tellers.delete(teller)
    },
    receive: (line, peer, most) => {
      const said = State.decode(line, now(), limits)
      if (said !== undefined) hear(said, peer, most)
    },
    gone: (peer) => {
      become(...State.gone(peer, now())(state), peer)
    },
  }
}
