/**
 * Automerge: who hears at once of a deletion and of a concurrent value shows both,
 * until the document is loaded anew. Heads are equal.
 *
 * Promised: "Both docs are merged and identical" (README).
 */
import * as Automerge from '@automerge/automerge'

type Root = Record<'map', { x?: string }>

const base = Automerge.save(Automerge.from<Root>({ map: {} }, '00'))
const [one, two] = ['bb', 'aa'].map((actor) => Automerge.load<Root>(base, { actor }))
const loser = Automerge.change(one!, ({ map }) => void (map.x = 'a'))
const winner = Automerge.change(two!, ({ map }) => void (map.x = 'b'))
const peer = Automerge.clone(loser)
const deleted = Automerge.change(loser, ({ map }) => delete map.x)
const a = Automerge.merge(deleted, winner)
const c = Automerge.merge(peer, a)

export const library = '@automerge/automerge'
export const found = [a, c, Automerge.load<Root>(Automerge.save(c))].map(({ map }) => map.x)
export const faulty = ['b', 'ba', 'b']
export const right = ['b', 'b', 'b']
