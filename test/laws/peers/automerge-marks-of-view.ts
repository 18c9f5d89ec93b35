/**
 * Automerge: the marks of a `view` of older heads are those of today.
 *
 * Promised: "an immutable view of an automerge document as at heads" (docstring of `view`).
 */
import * as Automerge from '@automerge/automerge'

const plain = Automerge.from({ text: 'ab' })
const marked = Automerge.change(plain, (draft) => {
  Automerge.mark(draft, ['text'], { start: 0, end: 1, expand: 'both' }, 'bold', true)
})
const view = Automerge.view(marked, Automerge.getHeads(plain))

export const library = '@automerge/automerge'
export const found = [Automerge.marks(view, ['text']), Automerge.marksAt(view, ['text'], 0)]
export const faulty = [[{ name: 'bold', value: true, start: 0, end: 1 }], { bold: true }]
export const right = [[], {}]
