/**
 * scuttlebutt-ts/security: whose update it is, and whether it may be. This file is what users
 * import. `trust/` has the pure rules; `security/` has the cryptography and the key files.
 */
export { showKeyError, type KeyError } from './security/KeyError.js'
export * as ed25519 from './security/ed25519.js'
export * as keys from './security/keys.js'
export * as rsaSha1 from './security/rsaSha1.js'
export type { Limits } from '../trust/limits.js'
export type { Rate } from '../trust/rateLimit.js'
export type { Security } from '../trust/Security.js'
export * as Statement from '../trust/Statement.js'
export { orElse, type Answer, type Disbelief, type Signer, type Verifier } from '../trust/Verifier.js'
export { verifyUpdates, type Trust, type Verified } from '../trust/verify.js'
