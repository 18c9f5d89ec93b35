/**
 * The cryptography of the platform: Node's, which answers at once, or a browser's, which answers
 * with a promise. Node's modules are looked up, not imported, so that browsers load this as it is.
 */

const builtin = (globalThis as { readonly process?: { readonly getBuiltinModule?: (name: string) => unknown } }).process
  ?.getBuiltinModule

/** Undefined outside of Node, as is `files`. */
export const node = builtin?.('crypto') as typeof import('node:crypto') | undefined

export const files = builtin?.('fs/promises') as typeof import('node:fs/promises') | undefined

/** Undefined where there is no WebCrypto: in pages without https. */
export const web = (globalThis as { readonly crypto?: { readonly subtle?: SubtleCrypto } }).crypto?.subtle
