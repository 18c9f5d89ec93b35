/**
 * Yjs: two peers with the same state vector show different marks, until one of them tells what it
 * cleaned up: who receives marks deletes those that seem to change nothing.
 *
 * Promised: updates are "commutative, associative, and idempotent"
 * (docs.yjs.dev/api/document-updates).
 */
import * as Y from 'yjs'

const open = (clientID: number): Y.Doc => Object.assign(new Y.Doc(), { clientID })
const sync = (from: Y.Doc, to: Y.Doc): void => {
  Y.applyUpdate(to, Y.encodeStateAsUpdate(from, Y.encodeStateVector(to)))
}
/** Whether the newest character, which was typed without marks, is bold. */
const isBold = (doc: Y.Doc): boolean =>
  JSON.stringify(doc.getText().toDelta()).startsWith('[{"insert":"c","attributes"')

const [a, b] = [open(1), open(2)]
b.getText().insert(0, 'a')
sync(b, a)
b.getText().insert(0, 'b', { bold: true })
a.getText().format(0, 1, { bold: true })
const mark = Y.encodeStateAsUpdate(a, Y.encodeStateVector(b))
sync(b, a)
b.getText().insert(0, 'c')
Y.applyUpdate(b, mark)
sync(b, a)
const atOnce = [isBold(a), isBold(b)]
sync(a, b)

export const library = 'yjs'
export const found = [atOnce, [isBold(a), isBold(b)]]
export const faulty = [
  [false, true],
  [false, false],
]
export const right = [
  [false, false],
  [false, false],
]
