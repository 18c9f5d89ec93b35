/**
 * Automerge: two counters made at one key, and one increment: each peer reads another number, and
 * the saved document a third. Heads are equal.
 *
 * Promised: "Both docs are merged and identical" (README).
 */
import * as Automerge from '@automerge/automerge'

type Root = Record<'map', { n?: Automerge.Counter }>

const base = Automerge.save(Automerge.from<Root>({ map: {} }, '00'))
const count = (actor: string, from: number): Automerge.Doc<Root> =>
  Automerge.change(Automerge.load<Root>(base, { actor }), ({ map }) => void (map.n = new Automerge.Counter(from)))

const fifty = count('ff', 50)
const both = Automerge.merge(count('ee', 10), fifty)
const a = Automerge.change(both, ({ map }) => {
  map.n!.increment(1)
})
const b = Automerge.merge(fifty, a)

export const library = '@automerge/automerge'
export const found = [a, b, Automerge.load<Root>(Automerge.save(a))].map(({ map }) => Number(map.n))
export const faulty = [11, 50, 51]
export const right = [51, 51, 51]
