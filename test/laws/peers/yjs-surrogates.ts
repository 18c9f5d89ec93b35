/**
 * Yjs: a mark that begins between the two code units of a character destroys it at the writer, and
 * is told to nobody if it changes no mark. State vectors are equal, and so is what is stored.
 *
 * Promised: "All clients will sync up when they received all document updates"
 * (docs.yjs.dev/api/document-updates).
 */
import * as Y from 'yjs'

const open = (clientID: number): Y.Doc => Object.assign(new Y.Doc(), { clientID })
const sync = (from: Y.Doc, to: Y.Doc): void => {
  Y.applyUpdate(to, Y.encodeStateAsUpdate(from, Y.encodeStateVector(to)))
}

const [a, b] = [open(1), open(2)]
a.getText().insert(0, '😀')
sync(a, b)
a.getText().format(1, 1, { bold: null })
sync(a, b)
sync(b, a)

export const library = 'yjs'
export const found = [a, b].map((doc) => doc.getText().toJSON())
export const faulty = ['\ufffd\ufffd', '😀']
export const right = ['😀', '😀']
