/**
 * Automerge: `applyPatches` throws at the patch that `diff` gives for a deleted key.
 *
 * Promised: patches "representing the change from one set of heads to another" (`diff`).
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
