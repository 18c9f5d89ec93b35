/** How one side of a session speaks. */
export interface Options {
  /** Rides in the header. JSON. */
  readonly meta?: unknown
  /** Go on with live updates after SYNC. Default true; with false the session ends at SYNC. */
  readonly tail?: boolean
  /** Send updates and SYNC. Default true. */
  readonly readable?: boolean
  /**
   * Take updates. Default true. With false, send all without waiting for a header: see `clock`.
   */
  readonly writable?: boolean
  /** With `readable: false`: send the header, so that the peer sends only what is missing. */
  readonly sendClock?: boolean
  /** With `writable: false`: wait for the peer's header, and send only what it lacks. */
  readonly clock?: boolean
  /** The data type, told in the first line, so that peers of another type are found out at once. */
  readonly kind?: { readonly name: string; readonly version?: string }
}
