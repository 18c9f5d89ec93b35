/** How links and stores meet: wrapped stores, limits left out, callers that throw or write back. */
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { createStore } from '../../src/adapters/store.js'
import { createStream, createWriteStream } from '../../src/adapters/stream.js'
import { Model, scuttlebutt } from '../../src/index.js'
import { collectUncaught } from './uncaught.js'

const sb = scuttlebutt(Model.of(t.unknown))

const read = (store: ReturnType<typeof createStore<Model.State<unknown>, Model.Change<unknown>>>) =>
  Model.toJSON(store.getReplica().state)

const tick = () => new Promise((resolve) => setTimeout(resolve, 10))

describe('A stream', () => {
  test('brings updates through the `reconcile` of a store that wraps another', async () => {
    const [ann, ben] = [createStore(sb, 'ann'), createStore(sb, 'ben')]
    const filtered: typeof ann = {
      ...ann,
      reconcile: ({ updates, ...message }, budget) =>
        ann.reconcile({ ...message, updates: updates.filter(([[key]]) => key !== 'secret') }, budget),
    }
    ben.change(Model.set('x', 1))
    ben.change(Model.set('secret', 1))
    const [left, right] = [createStream(filtered), createStream(ben)]
    left.pipe(right).pipe(left)
    await new Promise<void>((resolve) => left.once('sync', resolve))
    expect(read(ann)).toEqual({ x: 1 })
  })

  test('keeps its limits if the options name them without a value', async () => {
    const store = createStore(sb, 'ann')
    const policy = { maxDrift: undefined, maxBytes: undefined } as never
    const stream = createWriteStream(store, { policy })
    const refused: string[] = []
    stream.on('rejection', ({ _tag }) => refused.push(_tag))
    stream.write(`${JSON.stringify([['x', 1], Date.now() + 1e12, 'eve'])}\n`)
    stream.write(`"${'x'.repeat(2 << 20)}"\n`)
    await tick()
    expect(refused).toEqual(['TooFarAhead', 'LineTooLong'])
    expect(read(store)).toEqual({})
  })

  test('goes on to its end if a listener of rejections throws behind a gate', async () => {
    const thrown = collectUncaught()
    const verifier = { verify: () => ({ _tag: 'Right', right: true }) as const }
    const store = createStore(sb, 'ann', { security: { document: 'notes', verifier } })
    const stream = createWriteStream(store)
    const heard: string[] = []
    stream.on('rejection', ({ _tag }) => {
      heard.push(_tag)
      if (heard.length === 1) throw new Error('a listener')
    })
    stream.write('[["x",1],1000,"eve"]\n', () => heard.push('written'))
    stream.end(() => heard.push('finished'))
    await tick()
    expect(heard).toEqual(['Unsigned', 'written', 'finished'])
    expect(thrown).toEqual([new Error('a listener')])
  })
})

describe('A store whose command writes to the store', () => {
  test('makes the command again, so that no stamp is used twice', () => {
    const store = createStore(sb, 'ann', { now: () => 1000 })
    let isFirst = true
    const made = store.change(() => {
      if (isFirst) store.change(Model.set('log', 1))
      isFirst = false
      return { _tag: 'Right', right: Model.set('x', 1) } as const
    })
    expect(made).toMatchObject({ right: [['x', 1], 1000.0000000000001, 'ann'] })
    expect(read(store)).toEqual({ log: 1, x: 1 })
  })

  test('throws a TypeError, after few tries, if the command writes each time', () => {
    const store = createStore(sb, 'ann', { now: () => 1000 })
    let count = 0
    const command = () => {
      store.change(Model.set('log', ++count))
      return { _tag: 'Right', right: Model.set('x', 1) } as const
    }
    expect(() => store.change(command)).toThrow(TypeError)
    expect(count).toBe(10)
    expect(read(store)).toEqual({ log: 10 })
  })
})
