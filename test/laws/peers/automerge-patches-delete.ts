/**
 * Automerge: `applyPatches` throws at the patch that `diff` gives for a deleted key.
 *
 * Promised: it applies "a set of patches" to a plain document (automerge.org/automerge/api-docs/js).
 */
import * as Automerge from '@automerge/automerge'

const full = Automerge.from<{ x?: number }>({ x: 1 })
const doc = Automerge.change(full, (draft) => delete draft.x)
const patches = Automerge.diff(doc, Automerge.getHeads(full), Automerge.getHeads(doc))

const copy = (): unknown => {
  const plain = { x: 1 }
  try {
    Automerge.applyPatches(plain, patches)
    return plain
  } catch (error) {
    return String(error)
  }
}

export const library = '@automerge/automerge'
export const found = copy()
export const faulty = 'RangeError: index is not a number for patch'
export const right = {}
