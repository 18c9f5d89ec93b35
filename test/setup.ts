/**
 * Gives every property that names no number of runs the number of the mode, and all of them the
 * seed of `SEED`, if it is set. It runs before each file, and sees that the file leaves nothing
 * behind: with `npm test`, the files after it have the same process.
 */
import fc from 'fast-check'
import { afterAll, expect } from 'vitest'
import { inMemory } from './runs.js'

const { SEED } = process.env

fc.configureGlobal({ numRuns: inMemory(), ...(SEED !== undefined && { seed: Number(SEED) }) })

const folder = process.cwd()
const globals = Object.entries(Object.getOwnPropertyDescriptors(globalThis) as Record<string, PropertyDescriptor>)

/** By name, but for those that Node loads at their first use. Libraries add some of their own. */
const before = new Map<string, unknown>(
  globals.flatMap(([name, property]) => ('value' in property ? [[name, property.value]] : [])),
)
before.set('document', Reflect.get(globalThis, 'document'))

afterAll(() => {
  const changed = [...before].filter(([name, value]) => !Object.is(Reflect.get(globalThis, name), value))
  expect([process.cwd(), changed.map(([name]) => name)]).toEqual([folder, []])
})
