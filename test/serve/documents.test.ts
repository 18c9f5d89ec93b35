/** Documents are opened once, and closed when nobody uses them. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createDocuments } from '../../src/adapters/connect.js'
import { left, right } from '../../src/core/Either.js'
import { unwrap } from '../../src/index.js'
import { overWire } from '../runs.js'
import { storeOf, until } from './client.js'

/** Stores that say so if they are opened twice, or used after their end. */
const shelf = () => {
  const isOpen = new Set<string>()
  const wrong: string[] = []
  const open = async (name: string) => {
    await Promise.resolve()
    if (isOpen.has(name)) wrong.push(`${name} is opened twice`)
    isOpen.add(name)
    const close = async () => {
      await Promise.resolve()
      isOpen.delete(name)
      return right(undefined)
    }
    return right({ ...storeOf(name), close })
  }
  return { isOpen, wrong, open }
}

test('A document is open while somebody uses it, at most once, and closed after that', async () => {
  const step = fc.tuple(fc.constantFrom('open', 'release', 'wait'), fc.constantFrom('a', 'b'))
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { isOpen, wrong, open } = shelf()
      const documents = createDocuments(open, { idle: 0 })
      const uses: Record<string, number> = { a: 0, b: 0 }
      const opening: Promise<unknown>[] = []
      for (const [what, name] of steps) {
        if (what === 'wait') await new Promise((resolve) => setTimeout(resolve, 2))
        else if (what === 'release' && uses[name]! > 0) {
          uses[name]!--
          documents.release(name)
        } else if (what === 'open') {
          uses[name]!++
          opening.push(documents.open(name))
        }
        if (opening.length > 3) await Promise.all(opening.splice(0))
        for (const used of Object.keys(uses)) {
          if (opening.length === 0 && uses[used]! > 0) expect(isOpen.has(used)).toBe(true)
        }
      }
      for (const answer of await Promise.all(opening)) unwrap(answer as ReturnType<typeof right>)
      for (const name of Object.keys(uses)) while (uses[name]!-- > 0) documents.release(name)
      await until('all are closed', () => isOpen.size === 0)
      expect(wrong).toEqual([])
      await documents.open('c')
      await documents.close()
      expect([isOpen.size, (await documents.open('c'))._tag]).toEqual([0, 'Left'])
    }),
    { numRuns: overWire(30) },
  )
})

test('What does not open is told to the operator alone, and tried again; there is room for so many', async () => {
  const errors: unknown[] = []
  let isBroken = true
  const { open } = shelf()
  const openOne = (name: string) => {
    if (isBroken) return Promise.reject(new Error('no disk'))
    return name === 'foreign' ? Promise.resolve(left('foreign')) : open(name)
  }
  const documents = createDocuments(openOne, { most: 1, onError: (error) => errors.push(error) })
  const refusal = { _tag: 'Failed', retryAfter: 5000 }
  expect(await Promise.all([documents.open('a'), documents.open('a')])).toEqual([left(refusal), left(refusal)])
  isBroken = false
  expect(await documents.open('foreign')).toEqual(left(refusal))
  expect(errors).toEqual([new Error('no disk'), 'foreign'])
  unwrap(await documents.open('a'))
  expect(await documents.open('b')).toEqual(left({ _tag: 'TooMany', limit: 1, retryAfter: 10_000 }))
  await documents.close()
})

test('A document that does not close stays open, and is closed later', async () => {
  const errors: unknown[] = []
  let tries = 0
  const close = () => Promise.resolve(++tries < 3 ? left('no space') : right(undefined))
  const documents = createDocuments((name) => Promise.resolve(right({ ...storeOf(name), close })), {
    idle: 1,
    onError: (error) => errors.push(error),
  })
  await documents.open('a')
  documents.release('a')
  await until('it is closed', () => tries === 3)
  expect(errors).toEqual(['no space', 'no space'])
})
