/**
 * Collabs: a peer loads a saved list and inserts. A third gets that message first, and `receive`
 * throws.
 *
 * Promised: messages may come with "arbitrary delays, duplicates, reordering" (`receive`).
 */
import { CRuntime, CValueList } from '@collabs/collabs'

const open = (debugReplicaID: string) => {
  const runtime = new CRuntime({ debugReplicaID, autoTransactions: 'error' })
  const sent: Uint8Array[] = []
  runtime.on('Send', ({ message }) => sent.push(message))
  const list = runtime.registerCollab('list', (init) => new CValueList<string>(init))
  const push = (value: string): void => {
    runtime.transact(() => list.push(value))
  }
  return { runtime, sent, list, push }
}

const [a, b, c] = [open('aaaaaa'), open('bbbbbb'), open('cccccc')]
a.push('one')
b.runtime.load(a.runtime.save())
b.push('two')
const thrown: string[] = []
try {
  for (const message of [...b.sent, ...a.sent]) c.runtime.receive(message)
} catch (error) {
  thrown.push(String(error))
}

export const library = '@collabs/collabs'
export const found = [thrown, c.list.slice()]
export const faulty = [['Error: Invalid position: unknown senderID'], []]
export const right = [[], ['one', 'two']]
