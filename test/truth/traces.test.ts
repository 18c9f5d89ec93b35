/** Every schedule by name holds the laws, and shows the doubt that it is about. */
import { describe, expect, test } from 'vitest'
import { allRules, type Digest } from './model.js'
import { modelOf, type Implementation } from './implementation.js'
import { begin, play, runNetwork, type World } from './networks.js'
import type { Replica, Update } from './replica.js'
import { playStreams, runStreams } from './streams.js'
import { streamTraces } from './streamTraces.js'
import { traces } from './traces.js'

const model = modelOf(allRules)

/** Sure of all it has seen, after whatever it does. */
const naive: typeof model = {
  ...model,
  write: (writes, now) => (r) => {
    const [update, next] = model.write(writes, now)(r)
    return [update, model.settle()(next)]
  },
  reconcile: (message, budget) => (r) => {
    const [next, answer] = model.reconcile(message, budget)(r)
    return [model.settle()(next), answer]
  },
}

const names = ['a', 'b', 'c', 'd', 'e']

const doubtsOf = (digests: ReadonlyArray<Digest | undefined>): ReadonlyArray<string> =>
  digests.flatMap((digest, i) => Object.keys(digest?.doubt ?? {}).map((source) => `${names[i]!} of ${source}`))

const stamps = (updates: ReadonlyArray<Update>): ReadonlyArray<string> =>
  updates.map(({ ts, source }) => `${String(ts)} ${source}`)

const played = <R, M>(impl: Implementation<R, M>, { size, steps }: (typeof traces)[number]): World<R, M> =>
  steps.reduce((world, step) => play(impl, world, step), begin(impl, size))

describe('Messages', () => {
  test.each(traces)('$name', (trace) => {
    const { replicas } = played(model, trace)
    expect(doubtsOf(replicas.map((r) => r && model.digest(r)))).toEqual(trace.doubts)
    for (const [i, expected] of Object.entries(trace.holds ?? {})) {
      expect(stamps(model.holds(replicas[Number(i)]!))).toEqual(expected)
    }
    expect(runNetwork(model, trace.size, trace.steps)).toBe('holds')
    expect(runNetwork(model, trace.size, trace.steps, [1, 1])).toBe('holds')
    expect(runNetwork(naive, trace.size, trace.steps) !== 'holds').toBe(trace.breaksNaive)
  })
})

describe('Streams', () => {
  test.each(streamTraces)('$name', (trace) => {
    const setting = { rules: allRules, size: trace.size, original: trace.original }
    const replicas: ReadonlyArray<Replica | undefined> = playStreams(setting, trace.steps)
    expect(doubtsOf(replicas.map((r) => r && model.digest(r)))).toEqual(trace.doubts)
    for (const [i, expected] of Object.entries(trace.holds ?? {})) {
      expect(stamps(model.holds(replicas[Number(i)]!))).toEqual(expected)
    }
    expect(runStreams(setting, trace.steps)).toBe('holds')
  })
})
