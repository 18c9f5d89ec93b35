/**
 * Automerge: `diff` gives the same objects each time, and `applyPatches` writes into them. So the
 * second copy that is kept by patches is wrong.
 *
 * Promised: patches "representing the change from one set of heads to another" (`diff`).
 */
import * as Automerge from '@automerge/automerge'

const empty = Automerge.from<{ list?: number[] }>({})
const doc = Automerge.change(empty, (draft) => void (draft.list = [1]))
const [before, after] = [Automerge.getHeads(empty), Automerge.getHeads(doc)]

const copy = (): unknown => {
  const plain = {}
  Automerge.applyPatches(plain, Automerge.diff(doc, before, after))
  return structuredClone(plain)
}

export const library = '@automerge/automerge'
export const found = [copy(), copy()]
export const faulty = [{ list: [1] }, { list: [1, 1] }]
export const right = [{ list: [1] }, { list: [1] }]
