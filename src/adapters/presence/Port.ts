/** How a link carries presence: lines beside the session, which say nothing of updates. */

/** What a carrier of lines needs of a presence. A `Presence` is one. */
export interface PresencePort {
  /**
   * Calls `tell` at once with what is known, and then with each line for the peer. A line is JSON
   * without line ends. With `peer`, the lines that this peer brought do not go back to it. Returns
   * the end of that.
   */
  readonly subscribe: (tell: (line: string) => void, peer?: symbol) => () => void
  /**
   * Takes a line that a peer told, as `subscribe` gives it or with `PRESENCE ` before it. Never
   * throws. The symbol stands for the connection, which may bring `most` peers. Default: no bound
   * of its own.
   */
  readonly receive: (line: string, peer: symbol, most?: number) => void
  /** The connection is over: those who were known by it alone are gone. */
  readonly gone: (peer: symbol) => void
}
