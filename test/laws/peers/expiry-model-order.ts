/**
 * expiry-model: of two updates of one peer a newcomer gets the newer first, as another peer wrote
 * between them, and drops the older for good. Vector clocks are equal.
 *
 * Promised: "a scuttlebutt model" (README); scuttlebutt's `history` is in order for each source.
 */
import { createRequire } from 'node:module'

interface Model {
  set: (key: string, value: unknown) => void
  toJSON: () => Record<string, unknown>
  createStream: (options: { tail: boolean }) => NodeJS.ReadWriteStream
}
const expiryModel = createRequire(import.meta.url)('expiry-model') as () => Model
const sync = async (...both: readonly [Model, Model]): Promise<void> => {
  const [ofA, ofB] = both.map((one) => one.createStream({ tail: false }))
  ofA!.pipe(ofB!).pipe(ofA!)
  await new Promise((resolve) => setTimeout(resolve, 10))
}
const [a, b, c] = [expiryModel(), expiryModel(), expiryModel()]
b.set('x', 1)
a.set('y', 2)
await sync(a, b)
b.set('z', 3)
await sync(b, c)
await sync(b, c)
export const library = 'expiry-model'
export const found = [b, c].map((model) => Object.keys(model.toJSON()).sort().join(' '))
export const faulty = ['x y z', 'y z']
export const right = ['x y z', 'x y z']
