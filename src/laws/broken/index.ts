/**
 * scuttlebutt-ts/laws/broken: types that are known to be wrong, each with its source. Tools are
 * measured by how many they find. `originals` are npm packages, which a caller brings along.
 */
import type { Broken } from './Broken.js'
import * as counters from './counters.js'
import * as editing from './editing.js'
import * as keys from './keys.js'
import * as lists from './lists.js'
import * as reconciliation from './reconciliation.js'
import * as registers from './registers.js'
import * as sets from './sets.js'
import * as versions from './versions.js'

export type { About, Broken } from './Broken.js'
export * from './counters.js'
export * from './editing.js'
export * from './keys.js'
export * from './lists.js'
export * from './originals.js'
export * from './reconciliation.js'
export * from './registers.js'
export * from './sets.js'
export * from './versions.js'

/** Every export of these files: they export broken types and nothing else. */
export const corpus: ReadonlyArray<Broken> = [
  registers,
  counters,
  sets,
  lists,
  editing,
  reconciliation,
  keys,
  versions,
].flatMap((module): ReadonlyArray<Broken> => Object.values(module))
