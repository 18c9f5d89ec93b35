/**
 * Yjs: two peers with the same state vector show different marks, until one of them tells what it
 * cleaned up: who receives marks deletes those that seem to change nothing.
 *
 * Promised: updates are "commutative, associative, and idempotent"
 * (docs.yjs.dev/api/document-updates).
 */
import { isDeepStrictEqual } from 'node:util'
import * as Y from 'yjs'

const [a, b] = [1, 2].map((clientID) => Object.assign(new Y.Doc(), { clientID })) as [Y.Doc, Y.Doc]
const sync = (from: Y.Doc, to: Y.Doc): void => {
  Y.applyUpdate(to, Y.encodeStateAsUpdate(from, Y.encodeStateVector(to)))
}
const isSame = (): boolean => isDeepStrictEqual(a.getText().toDelta(), b.getText().toDelta())
b.getText().insert(0, 'a')
sync(b, a)
b.getText().insert(0, 'b', { bold: true })
a.getText().format(0, 1, { bold: true })
const mark = Y.encodeStateAsUpdate(a, Y.encodeStateVector(b))
sync(b, a)
b.getText().insert(0, 'c')
Y.applyUpdate(b, mark)
sync(b, a)
const isSameAtOnce = isSame()
sync(a, b)
export const library = 'yjs'
export const found = [isSameAtOnce, isSame()]
export const faulty = [false, true]
export const right = [true, true]
