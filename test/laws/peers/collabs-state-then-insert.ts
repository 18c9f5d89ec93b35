/**
 * Collabs: a peer loads a saved list and inserts. A third gets that message first, and `receive`
 * throws.
 *
 * Promised: messages may come with "arbitrary delays, duplicates, reordering" (`receive`).
 */
import { CRuntime, CValueList } from '@collabs/collabs'

const open = (debugReplicaID: string) => {
  const runtime = new CRuntime({ debugReplicaID, autoTransactions: 'debugOp' })
  const sent: Uint8Array[] = []
  runtime.on('Send', ({ message }) => sent.push(message))
  return { runtime, sent, list: runtime.registerCollab('list', (init) => new CValueList<string>(init)) }
}

const [a, b, c] = [open('aaaaaa'), open('bbbbbb'), open('cccccc')]
a.list.push('one')
b.runtime.load(a.runtime.save())
b.list.push('two')
let outcome = 'received'
try {
  for (const message of [...b.sent, ...a.sent]) c.runtime.receive(message)
} catch (error) {
  outcome = String(error)
}

export const library = '@collabs/collabs'
export const found = [outcome, ...c.list]
export const faulty = ['Error: Invalid position: unknown senderID']
export const right = ['received', 'one', 'two']
