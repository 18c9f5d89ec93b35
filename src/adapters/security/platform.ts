/** The cryptography that is there: Node's own, which answers at once, or the browser's, which takes its time. */

/** Node's modules, where there are any. Not imported: this loads in browsers as it is. */
const builtin = (globalThis as { readonly process?: { readonly getBuiltinModule?: (name: string) => unknown } }).process
  ?.getBuiltinModule

export const node = builtin?.('crypto') as typeof import('node:crypto') | undefined

export const files = builtin?.('fs/promises') as typeof import('node:fs/promises') | undefined

export const web = (globalThis as { readonly crypto?: { readonly subtle?: SubtleCrypto } }).crypto?.subtle
