/**
 * Automerge: after `changeAt`, the patches of `diff` from the older heads to now lead to another
 * text than that of now, until the document is loaded anew.
 *
 * Promised: patches "representing the change from one set of heads to another" (`diff`).
 */
import * as Automerge from '@automerge/automerge'

type Root = Record<'text', string>

const base = Automerge.from<Root>({ text: 'ab' }, 'aa')
const before = Automerge.getHeads(base)
const typed = Automerge.change(base, (draft) => {
  Automerge.splice(draft, ['text'], 0, 0, 'x')
})
const { newDoc } = Automerge.changeAt(typed, before, (draft) => {
  Automerge.splice(draft, ['text'], 0, 0, 'q')
})

const patched = (doc: Automerge.Doc<Root>): string => {
  const copy = { text: 'ab' }
  Automerge.applyPatches(copy, Automerge.diff(doc, before, Automerge.getHeads(doc)))
  return copy.text
}
export const library = '@automerge/automerge'
export const found = [newDoc, Automerge.load<Root>(Automerge.save(newDoc))].map(patched)
export const faulty = ['qxb', 'qxab']
export const right = ['qxab', 'qxab']
