/**
 * Automerge: after `changeAt`, `diff` from older heads to now tells text as new that was deleted,
 * until the document is loaded anew.
 *
 * Promised: patches "representing the change from one set of heads to another" (`diff`).
 */
import * as Automerge from '@automerge/automerge'

type Root = Record<'text', string>

const base = Automerge.save(Automerge.from<Root>({ text: 'ab' }, '00'))
const [one, two] = ['aa', 'bb'].map((actor) => Automerge.load<Root>(base, { actor }))
const before = Automerge.getHeads(one!)
const emptied = Automerge.change(two!, (draft) => {
  Automerge.splice(draft, ['text'], 0, 2)
})
const merged = Automerge.merge(one!, emptied)
const { newDoc } = Automerge.changeAt(merged, before, (draft) => {
  Automerge.splice(draft, ['text'], 0, 0, 'q')
})

const inserted = (doc: Automerge.Doc<Root>): ReadonlyArray<unknown> =>
  Automerge.diff(doc, before, Automerge.getHeads(doc)).flatMap((patch) =>
    patch.action === 'splice' ? [patch.value] : [],
  )

export const library = '@automerge/automerge'
export const found = [newDoc, Automerge.load<Root>(Automerge.save(newDoc))].map(inserted)
export const faulty = [['qab'], ['q']]
export const right = [['q'], ['q']]
