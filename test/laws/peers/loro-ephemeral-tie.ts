/**
 * Loro: two peers write one key of an EphemeralStore within a millisecond. Each keeps its own value
 * for ever.
 *
 * Promised: "a timestamp-based, last-write-wins key-value store"
 * (loro.dev/docs/tutorial/ephemeral). Of ties it says nothing.
 */
import { EphemeralStore } from 'loro-crdt'

const [a, b] = [new EphemeralStore(1000), new EphemeralStore(1000)]
const { now } = Date
Date.now = () => 1_700_000_000_000
a.set('x', 1)
b.set('x', 2)
const [ofA, ofB] = [a.encodeAll(), b.encodeAll()]
a.apply(ofB)
b.apply(ofA)

export const library = 'loro-crdt'
export const found = [a.get('x'), b.get('x')]
export const faulty = [1, 2]
export const right = [2, 2]
Date.now = now
for (const store of [a, b]) store.destroy()
