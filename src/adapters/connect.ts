/** Connections: transports that come back by themselves, and links for those of one's own. */
export { createLink, type Link, type LinkOptions } from './connect/createLink.js'
export type { Refused } from './connect/frames.js'
