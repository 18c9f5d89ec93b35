/**
 * TinyBase: a schema has a default, and one peer deletes a row while another writes to it. The row
 * is there at one peer only. The hashes of the contents are equal, so no synchronizer mends it.
 *
 * Promised: to merge "with deterministic results" (tinybase.org/api/mergeable-store).
 */
import { createMergeableStore } from 'tinybase'

let now = 1000
const open = (id: string) =>
  createMergeableStore(id, () => now++).setTablesSchema({
    table: { x: { type: 'number', default: 7 }, y: { type: 'string' } },
  })
const [a, b] = [open('a'), open('b')]
const sync = (): void => {
  b.applyMergeableChanges(structuredClone(a.getMergeableContent()))
  a.applyMergeableChanges(structuredClone(b.getMergeableContent()))
  b.applyMergeableChanges(structuredClone(a.getMergeableContent()))
}
a.setCell('table', 'row', 'y', 'old')
sync()
a.delRow('table', 'row')
b.setCell('table', 'row', 'y', 'new')
sync()

export const library = 'tinybase'
export const found = [a, b].map((store) => store.getRow('table', 'row'))
export const faulty = [{ y: 'new', x: 7 }, {}]
export const right = [faulty[0], faulty[0]]
