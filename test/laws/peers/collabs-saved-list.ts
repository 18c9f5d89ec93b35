/**
 * Collabs: three peers merge saved states of a list. The last one shows an item that the others do
 * not, though all have all messages.
 *
 * Promised: to load a saved state "is equivalent to delivering all messages" in it (`save`).
 */
import { CRuntime, CValueList } from '@collabs/collabs'

const open = (debugReplicaID: string) => {
  const runtime = new CRuntime({ debugReplicaID, autoTransactions: 'debugOp' })
  return { runtime, list: runtime.registerCollab('list', (init) => new CValueList<string>(init)) }
}
const load = (from: { runtime: CRuntime }, to: { runtime: CRuntime }): void => {
  to.runtime.load(from.runtime.save())
}

const [a, b, c] = [open('aaaaaa'), open('bbbbbb'), open('cccccc')]
a.list.push('of a')
load(a, c)
b.list.push('of b')
a.list.delete(0)
load(a, b)
load(b, a)
load(b, c)

export const library = '@collabs/collabs'
export const found = [a, b, c].map(({ list }) => list.slice())
export const faulty = [['of b'], ['of b'], ['of a', 'of b']]
export const right = [['of b'], ['of b'], ['of b']]
