/**
 * Collabs: a peer loads a saved state and writes. A third gets that message first and does not wait
 * for what came before it: the older value then overwrites the newer. Vector clocks are equal.
 *
 * Promised: messages may come with "arbitrary delays, duplicates, reordering" (`receive`).
 */
import { CRuntime, CVar } from '@collabs/collabs'

const open = (debugReplicaID: string) => {
  const runtime = new CRuntime({ debugReplicaID, autoTransactions: 'error' })
  const sent: Uint8Array[] = []
  runtime.on('Send', ({ message }) => sent.push(message))
  const variable = runtime.registerCollab('variable', (init) => new CVar(init, ''))
  const set = (value: string): void => {
    runtime.transact(() => (variable.value = value))
  }
  return { runtime, sent, variable, set }
}

const [a, b, c] = [open('aaaaaa'), open('bbbbbb'), open('cccccc')]
a.set('old')
b.runtime.load(a.runtime.save())
b.set('new')
for (const message of [...b.sent, ...a.sent]) c.runtime.receive(message)

export const library = '@collabs/collabs'
export const found = [b, c].map(({ variable }) => variable.value)
export const faulty = ['new', 'old']
export const right = ['new', 'new']
