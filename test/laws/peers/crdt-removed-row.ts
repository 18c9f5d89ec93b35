/**
 * crdt: a row that is removed at one peer stays at the others when these connect later.
 *
 * Promised: `rm` removes a row from the document; "CRDTs give you eventual consistency" (README).
 */
import { createRequire } from 'node:module'

interface Doc {
  set: (row: string, fields: object) => void
  rm: (row: string) => void
  createStream: (options: { tail: boolean }) => NodeJS.ReadWriteStream
}
const crdt = createRequire(import.meta.url)('crdt') as { Doc: new (id: string) => Doc }

const [a, b] = [new crdt.Doc('a'), new crdt.Doc('b')]
const sync = async (): Promise<void> => {
  const [ofA, ofB] = [a, b].map((one) => one.createStream({ tail: false }))
  ofA!.pipe(ofB!).pipe(ofA!)
  await new Promise((resolve) => setTimeout(resolve, 10))
}
a.set('row', { x: 1 })
await sync()
a.rm('row')
await sync()

export const library = 'crdt'
export const found = [a, b].map((doc) => 'row' in (JSON.parse(JSON.stringify(doc)) as object))
export const faulty = [false, true]
export const right = [false, false]
