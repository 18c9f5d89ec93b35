/**
 * Loro: bytes become a list on their way through JSON updates; and so does a map that
 * `ensureMergeableMap` made, as bytes mark it.
 *
 * Promised: `importJsonUpdates` imports the updates that `exportJsonUpdates` gave (docstrings).
 */
import { LoroDoc } from 'loro-crdt'

const [a, b, c] = [new LoroDoc(), new LoroDoc(), new LoroDoc()]
const map = a.getMap('map')
map.set('bytes', new Uint8Array([1, 2]))
map.ensureMergeableMap('nested').set('k', 1)
a.commit()
b.importJsonUpdates(a.exportJsonUpdates())
c.import(a.export({ mode: 'update' }))

const isWhole = (doc: LoroDoc): boolean => {
  const { bytes, nested } = doc.getMap('map').toJSON() as { bytes: unknown; nested: object }
  return bytes instanceof Uint8Array && 'k' in nested
}

export const library = 'loro-crdt'
export const found = [b, c].map(isWhole)
export const faulty = [false, true]
export const right = [true, true]
