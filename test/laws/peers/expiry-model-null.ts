/**
 * expiry-model: a key that is set to null comes back from a peer that has heard of it before.
 *
 * Promised: "a scuttlebutt model" (README); in scuttlebutt's own model null reaches everybody.
 */
import { createRequire } from 'node:module'

interface Model {
  set: (key: string, value: unknown) => void
  get: (key: string) => unknown
  createStream: (options: { tail: boolean }) => NodeJS.ReadWriteStream
}
const expiryModel = createRequire(import.meta.url)('expiry-model') as () => Model

const [a, b] = [expiryModel(), expiryModel()]
const sync = async (): Promise<void> => {
  const [ofA, ofB] = [a, b].map((one) => one.createStream({ tail: false }))
  ofA!.pipe(ofB!).pipe(ofA!)
  await new Promise((resolve) => setTimeout(resolve, 10))
}
a.set('x', 1)
await sync()
a.set('x', null)
await sync()

export const library = 'expiry-model'
export const found = [a, b].map((model) => model.get('x'))
export const faulty = [1, 1]
export const right = [null, null]
