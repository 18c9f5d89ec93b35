/** What the kit gives to documents that change in place, and what it warns of. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkReplicas, network, type Opaque } from '../../src/laws/index.js'
import { inNetworks } from '../runs.js'
import { found } from './outcome.js'

const RUNS = inNetworks(300)

interface Document {
  readonly told: [at: number, value: number][]
}

const add = ({ told }: Document, one: readonly [number, number]): void => {
  if (!told.some((other) => String(other) === String(one))) told.push([...one])
}

const documents: Opaque<Document, number, Document['told']> = {
  name: 'document',
  create: () => ({ told: [] }),
  command: fc.nat(3),
  local:
    (value, { now }) =>
    (document) => {
      add(document, [now, value])
    },
  send: () => (document) => structuredClone(document.told),
  receive: (heard) => (document) => {
    for (const one of heard) add(document, one)
  },
  show: ({ told }) => told.map(String).sort(),
}

test('A message that is a live object is told as such', () => {
  expect(checkReplicas({ ...documents, seed: 1, runs: RUNS })._tag).toBe('Right')
  const alive = { ...documents, send: () => (document: Document) => document.told }
  const { why, remedy, law } = found(
    checkReplicas({
      ...alive,
      schedule: network<number>(['a', 'b', 'c'], ({ at }) => [
        at('a', 1).local(1),
        at('a', 1).send('c'),
        at('a', 1).send('b', { delay: 2 }),
        at('a', 2).local(2),
        at('a', 2).send('a'),
      ]),
    }),
  )
  expect([law.name, law.verdict]).toEqual(['convergence', 'diverged'])
  expect(why).toBe('c and b know the same, and differ, and a message of a has changed on its way')
  expect(remedy).toMatch(/^`send` must give a copy/)
})

test('A live object that is sent again before it arrives is told as such, too', () => {
  const alive = { ...documents, send: () => (document: Document) => document.told }
  const { why } = found(
    checkReplicas({
      ...alive,
      schedule: network<number>(['a', 'b', 'c', 'd'], ({ at }) => [
        at('a', 1).local(1),
        at('a', 1).send('c'),
        at('a', 1).send('b', { delay: 3 }),
        at('a', 2).local(2),
        at('a', 2).send('d'),
        at('d', 2).send('d'),
      ]),
    }),
  )
  expect(why).toBe('c and b know the same, and differ, and a message of a has changed on its way')
})

test('Replicas are numbered, and those that come back are told how often they have', () => {
  const made: number[] = []
  const back: (readonly [id: string, index: number, restarts: number])[] = []
  const checked = checkReplicas({
    ...documents,
    create: (_, { index }) => {
      made.push(index)
      return { told: [] }
    },
    save: ({ told }) => structuredClone(told),
    load: (saved, id, { index, restarts }) => {
      back.push([id, index, restarts])
      return { told: structuredClone(saved) as Document['told'] }
    },
    schedule: network<number>(['a', 'b', 'c'], ({ at }) => [
      at('c').local(1),
      at('c').crash(),
      at('b').crash(),
      at('c').crash(),
    ]),
  })
  expect(checked._tag).toBe('Right')
  expect(made).toEqual([0, 1, 2])
  expect(back).toEqual([
    ['c', 2, 1],
    ['b', 1, 1],
    ['c', 2, 2],
  ])
})
