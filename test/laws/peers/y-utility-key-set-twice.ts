/**
 * YKeyValue: a key is set twice in one transaction. After a concurrent deletion one peer has the
 * key and the other does not, over equal arrays.
 *
 * Promised: "a more efficient key-value store" than Y.Map (README).
 */
import { YKeyValue } from 'y-utility/y-keyvalue'
import * as Y from 'yjs'

const open = (clientID: number) => {
  const doc = Object.assign(new Y.Doc(), { clientID })
  return { doc, pairs: new YKeyValue<number>(doc.getArray('pairs')) }
}
const sync = (from: { doc: Y.Doc }, to: { doc: Y.Doc }): void => {
  Y.applyUpdate(to.doc, Y.encodeStateAsUpdate(from.doc, Y.encodeStateVector(to.doc)))
}

const [a, b] = [open(1), open(2)]
a.doc.transact(() => {
  for (const n of [1, 2]) a.pairs.set('z', n)
})
b.pairs.set('z', 3)
sync(b, a)
b.pairs.delete('z')
sync(b, a)
sync(a, b)
export const library = 'y-utility'
export const found = [a, b].map(({ pairs }) => pairs.has('z'))
export const faulty = [false, true]
export const right = [false, false]
