/** Replicas that answer by promises, against the same replicas asked at once. */
import { setTimeout } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  assertReplicasAsync,
  checkReplicas,
  checkReplicasAsync,
  LawBroken,
  network,
  type Counterexample,
  type LaterOptions,
  type Opaque,
  type OpaqueLater,
} from '../../src/laws/index.js'
import { inNetworks } from '../runs.js'

const RUNS = inNetworks(100)

interface Document {
  readonly id: string
  readonly rows: Map<string, readonly [at: number, value: number]>
  readonly told: Message
}

type Message = (readonly [key: string, at: number, value: number])[]

type Command = readonly [key: string, value: number]

const put = ({ rows }: Document, [key, at, value]: Message[number], wins: (a: number, b: number) => boolean): void => {
  const [before] = rows.get(key) ?? [-1]
  if (wins(at, before)) rows.set(key, [at, value])
}

/** Maps that change in place; `wins` says which of two writes of a key counts. */
const maps = (wins: (at: number, before: number) => boolean): Opaque<Document, Command, Message> => ({
  name: 'map',
  create: (id) => ({ id, rows: new Map(), told: [] }),
  // what may be written depends on what there is
  command: ({ rows }) => fc.tuple(fc.constantFrom('x', 'y'), fc.constant(rows.size + 1)),
  local:
    ([key, value], { now }) =>
    (document) => {
      put(document, [key, now, value], wins)
    },
  send: () => (document) => [...document.rows].map(([key, [at, value]]) => [key, at, value]),
  receive: (heard) => (document) => {
    for (const one of heard) put(document, one, wins)
  },
  show: ({ rows }) => [...rows].map(([key, [, value]]) => [key, value]).sort(),
  save: ({ rows }) => [...rows],
  load: (saved, id) => ({ id, rows: new Map(saved as never), told: [] }),
  same: { copied: ({ rows }) => [...new Map(rows)].map(([key, [, value]]) => [key, value]).sort() },
})

/** The same, each answer after a while: now and then at once, or after some turns. */
const slow = <R, C, M>(type: Opaque<R, C, M>): OpaqueLater<R, C, M> => {
  let calls = 0
  const slowly = async <A>(answer: () => A): Promise<A> => {
    for (let i = calls++ % 4; i > 0; i--) await new Promise((resolve) => setImmediate(resolve))
    return answer()
  }
  const { create, local, send, told, receive, save, load, show, same } = type
  return {
    ...type,
    create: (...args) => slowly(() => create(...args)),
    local: (command, where) => (replica) => slowly(() => local(command, where)(replica)),
    ...(send && { send: (peer) => (replica) => slowly(() => send(peer)(replica)) }),
    ...(told && { told: (replica) => slowly(() => told(replica)) }),
    receive: (message, where) => (replica) => slowly(() => receive(message, where)(replica)),
    ...(save && { save: (replica) => slowly(() => save(replica)) }),
    ...(load && { load: (...args) => slowly(() => load(...args)) }),
    show: (replica) => slowly(() => show(replica)),
    ...(same && { same: { copied: (replica) => slowly(() => same['copied']!(replica)) } }),
  }
}

const gossiping = maps((at, before) => at > before)

/** Maps that broadcast what they write. */
const broadcasting = (wins: (at: number, before: number) => boolean): Opaque<Document, Command, Message> => {
  const { send, ...type } = maps(wins)
  expect(send).toBeDefined()
  return {
    ...type,
    local: (command, where) => (document) => {
      document.told.push([command[0], where.now, command[1]])
      type.local(command, where)(document)
    },
    told: ({ told }) => told.splice(0),
  }
}

const dataOf = ({ law, why, trace, states, runs, schedule }: Counterexample): unknown => ({
  law,
  why,
  trace,
  states,
  runs,
  schedule,
})

describe('A check of replicas that answer later', () => {
  const later = (at: number, before: number): boolean => at > before
  const last = (): boolean => true
  const unlike = { ...maps(later), same: { copied: ({ rows }: Document) => rows.size } }

  test.each<readonly [string, Opaque<Document, Command, Message>]>([
    ['ties that the first wins', maps(later)],
    ['the last to arrive wins', maps(last)],
    ['broadcasts, ties that the first wins', broadcasting(later)],
    ['broadcasts, the last to arrive wins', broadcasting(last)],
    ['another way that does not give the same', unlike],
  ])('finds what a check at once finds, and makes it as small: %s', async (_says, type) => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const [once, slowly] = [
          checkReplicas({ ...type, seed, runs: 50 }),
          await checkReplicasAsync({ ...slow(type), seed, runs: 50 }),
        ]
        expect(slowly._tag).toBe(once._tag)
        if (slowly._tag === 'Left' && once._tag === 'Left') expect(dataOf(slowly.left)).toEqual(dataOf(once.left))
      }),
      { numRuns: inNetworks(5, 50) },
    )
  })

  test('passes what is right, with the same coverage', async () => {
    const right = maps((at, before) => at > before)
    const options = { seed: 3, runs: RUNS, command: fc.constant(['x', 1] as const) }
    const [once, slowly] = [
      checkReplicas({ ...right, ...options }),
      await checkReplicasAsync({ ...slow(right), ...options }),
    ]
    expect(JSON.stringify(slowly)).toBe(JSON.stringify(once))
    expect(slowly._tag).toBe('Right')
  })

  test('makes each call of a run once', async () => {
    const calls: string[] = []
    const counted: OpaqueLater<Set<number>, number, number[]> = {
      create: (id) => Promise.resolve(calls.push(`create ${id}`)).then(() => new Set()),
      command: fc.constant(1),
      local: (n) => async (set) => {
        await Promise.resolve()
        calls.push(`local ${String(n)}`)
        set.add(n)
      },
      send: () => (set) => [...set],
      receive: (heard) => async (set) => {
        await Promise.resolve()
        calls.push(`receive ${heard.join()}`)
        for (const n of heard) set.add(n)
      },
      show: (set) => Promise.resolve([...set].sort()),
    }
    const schedule = network<number>(['a', 'b'], ({ at }) => [at('a').local(1), at('a').local(2), at('a').send('b')])
    expect(await checkReplicasAsync({ ...counted, schedule })).toMatchObject({ _tag: 'Right' })
    expect(calls).toEqual(['create a', 'create b', 'local 1', 'local 2', 'receive 1,2'])
  })

  test('runs a counterexample again by its path, and by its schedule', async () => {
    const type = slow(maps(last))
    const found = await checkReplicasAsync({ ...type, seed: 5 })
    if (found._tag === 'Right') throw new Error('nothing was found')
    const { seed, path, schedule } = found.left
    for (const again of [{ seed: seed!, path: path! }, { schedule: schedule as never }]) {
      const { law, why } = found.left
      expect(await checkReplicasAsync({ ...type, ...again })).toMatchObject({ left: { law, why, schedule } })
    }
  })
})

describe('An answer', () => {
  const schedule = network<Command>(['a', 'b'], ({ at }) => [at('a').local(['x', 1])])

  test('that is a rejection is told as thrown, with its stack', async () => {
    const error = new RangeError('no such row')
    const failing = { ...slow(gossiping), local: () => () => Promise.reject(error), schedule }
    const checked = await checkReplicasAsync(failing)
    expect(checked).toMatchObject({ left: { law: { name: 'total' }, why: 'a threw RangeError: no such row' } })
    expect(checked._tag === 'Left' && checked.left.cause).toBe(error)
    await expect(assertReplicasAsync(failing)).rejects.toBeInstanceOf(LawBroken)
  })

  test('that never comes is told as thrown, once the check gives up', async () => {
    const never = () => () => new Promise<void>(() => undefined)
    const within = (ms: number) => (signal: AbortSignal) => setTimeout(ms, undefined, { signal })
    const silent = { ...slow(gossiping), local: never, schedule, giveUp: within(20) }
    const why = 'a threw Error: `local` did not answer in time'
    expect(await checkReplicasAsync(silent)).toMatchObject({ left: { law: { name: 'total' }, why } })
    // and what answers in time is not given up; a busy machine may pause for 20 ms
    const answers = { ...silent, local: slow(gossiping).local, giveUp: within(10_000) }
    expect(await checkReplicasAsync(answers)).toMatchObject({ _tag: 'Right' })
  })

  test('of `show` that is a rejection is told, too', async () => {
    const hidden = { ...slow(gossiping), show: () => Promise.reject(new Error('hidden')), schedule }
    expect(await checkReplicasAsync(hidden)).toMatchObject({ left: { law: { name: 'total' } } })
  })
})

describe('What a check cannot go by', () => {
  const error = new RangeError('a slip')
  const slip: () => never = () => {
    throw error
  }
  const wrong = maps(() => true)

  const options: ReadonlyArray<readonly [string, LaterOptions<Command> & Pick<typeof wrong, 'keysOf' | 'isDelete'>]> = [
    ['known', { known: slip }],
    ['keysOf', { keysOf: slip }],
    ['isDelete', { isDelete: slip }],
    ['progress', { progress: slip, known: () => true }],
  ]

  test.each(options)('is thrown on, and is not taken for a pass: a throw in `%s`', async (_says, option) => {
    expect(() => checkReplicas({ ...wrong, ...option, seed: 1, runs: 1000 })).toThrow(error)
    await expect(checkReplicasAsync({ ...slow(wrong), ...option, seed: 1, runs: 1000 })).rejects.toBe(error)
  })

  test.each([['runs', { runs: 0 }] as const, ['time', { time: 0 }] as const])(
    'is told as not exercised: no run at all, by `%s`',
    async (_says, options) => {
      const slept = { ...slow(wrong), create: () => setTimeout(20, { id: '', rows: new Map(), told: [] }) }
      expect(await checkReplicasAsync({ ...slept, ...options })).toMatchObject({
        left: { law: { name: 'exercised' }, why: 'no run was made' },
      })
    },
  )

  test('is told as not exercised: what was required, and did not happen', async () => {
    const never = { command: fc.constant(['x', 1] as const), required: { deleteAgainstSet: 1 }, runs: 20, seed: 1 }
    expect(await checkReplicasAsync({ ...slow(gossiping), ...never })).toMatchObject({
      left: { law: { name: 'exercised' } },
    })
  })

  test('is a promise, where a check asks at once', () => {
    const promising = { ...wrong, show: () => Promise.resolve(1), seed: 1 }
    expect(checkReplicas(promising)).toMatchObject({
      left: { why: expect.stringContaining('`show` gives a promise, which `checkReplicasAsync` takes') as string },
    })
    const qualities = [{ name: 'later', atEnd: (() => Promise.resolve(false)) as never }]
    expect(checkReplicas({ ...gossiping, qualities, seed: 1, stop: 'first' })).toMatchObject({
      left: { why: expect.stringContaining('the quality "later" gives a promise') as string },
    })
  })
})

test('A promise of another make is waited for', async () => {
  /** What a query builder gives: it has a `then`, and is no Promise. */
  const query = <A>(value: A): PromiseLike<A> => ({
    then: (fulfil, reject) => Promise.resolve(value).then(fulfil, reject),
  })
  const wrong = maps(() => true)
  const asked = { ...slow(wrong), show: (replica: Document) => query(wrong.show(replica)), seed: 1 }
  expect(await checkReplicasAsync(asked)).toMatchObject({ left: { law: { name: 'convergence' } } })
})

test('A run that the time cuts off makes no more calls, and leaves the next alone', async () => {
  let [busy, most] = [0, 0]
  const base = slow(maps(() => true))
  const checked = await checkReplicasAsync({
    ...base,
    receive: (message, where) => async (replica) => {
      most = Math.max(most, ++busy)
      await setTimeout(5)
      await base.receive(message, where)(replica)
      busy--
    },
    seed: 1,
    shrinkTime: 60,
  })
  expect(checked).toMatchObject({ left: { law: { name: 'convergence' } } })
  // the call that was under way may still be
  expect(most).toBeLessThanOrEqual(2)
})

describe('A quality of replicas that change in place', () => {
  const shows = {
    name: 'shows its own write',
    afterLocal: (_: Document, [key, value]: Command, { rows }: Document) => rows.get(key)?.[1] === value,
  }

  test('is asked right after each command', async () => {
    const type = { ...maps(() => true), qualities: [shows], laws: ['quality'], seed: 1 }
    expect(checkReplicas(type)._tag).toBe('Right')
    expect((await checkReplicasAsync({ ...slow(type), runs: 200 }))._tag).toBe('Right')
  })

  test('may be asked by promises, and is told by name', async () => {
    const qualities = [{ name: 'is empty', atEnd: ({ rows }: Document) => Promise.resolve(rows.size === 0) }]
    const checked = await checkReplicasAsync({ ...slow(gossiping), qualities, seed: 1, stop: 'first' })
    expect(checked).toMatchObject({ left: { law: { name: 'quality' } } })
  })
})
