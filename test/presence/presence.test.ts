/** Who is here: over networks with circles, cuts and lost connections, against reachability. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createPresence, type Presence } from '../../src/adapters/presence.js'
import { createStore } from '../../src/adapters/store.js'
import { createStream, type StreamOptions } from '../../src/adapters/stream.js'
import { Model, scuttlebutt } from '../../src/index.js'
import { right } from '../right.js'
import { eventually } from '../original/tcp.js'
import { inMemory } from '../runs.js'

const TIMEOUT = 30_000

const clock = { now: 1_000_000 }
const now = (): number => clock.now

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

const made = (id: string): Presence<unknown> => createPresence({ id, timeout: TIMEOUT, now })

const pass = (ms: number): void => {
  for (let rest = ms; rest > 0; rest -= 500) {
    clock.now += Math.min(rest, 500)
    vi.advanceTimersByTime(Math.min(rest, 500))
  }
}

/** A line on its way. */
type Line = readonly [to: Presence<unknown>, line: string, by: symbol]

const hear = ([to, line, by]: Line): void => {
  to.receive(line, by)
}

/** Presences joined by connections that keep their order and deliver when told to. */
const network = (ids: ReadonlyArray<string>) => {
  const nodes = ids.map(made)
  const pipes = new Map<string, { readonly lines: Line[]; readonly cut: () => void }>()
  let delivered = 0
  const join = (a: number, b: number): void => {
    const name = [a, b].sort().join()
    if (a === b || pipes.has(name)) return
    const lines: Line[] = []
    // each node knows the connection by one symbol, for what comes and for what goes
    const [left, far] = [Symbol('left'), Symbol('far')]
    const stops = [
      nodes[a]!.subscribe((line) => lines.push([nodes[b]!, line, far]), left),
      nodes[b]!.subscribe((line) => lines.push([nodes[a]!, line, left]), far),
    ]
    const cut = (): void => {
      pipes.delete(name)
      for (const stop of stops) stop()
      nodes[a]!.gone(left)
      nodes[b]!.gone(far)
    }
    pipes.set(name, { lines, cut })
  }
  return {
    nodes,
    join,
    cut: (a: number, b: number) => pipes.get([a, b].sort().join())?.cut(),
    /** Delivers all, one line of each connection in turn. Returns how many that were. */
    settle: (): number => {
      const before = delivered
      for (let isBusy = true; isBusy;) {
        isBusy = false
        for (const { lines } of [...pipes.values()]) {
          const next = lines.shift()
          if (next === undefined) continue
          isBusy = true
          delivered++
          if (delivered - before > 100_000) throw new Error('the lines never end')
          hear(next)
        }
      }
      return delivered - before
    },
    deliver: (pick: number): void => {
      const busy = [...pipes.values()].filter(({ lines }) => lines.length > 0)
      if (busy.length > 0) hear(busy[pick % busy.length]!.lines.shift()!)
    },
    reach: (from: number): ReadonlySet<number> => {
      const reached = new Set([from])
      for (const node of reached) {
        for (const name of pipes.keys()) {
          const [a, b] = name.split(',').map(Number) as [number, number]
          if (a === node) reached.add(b)
          if (b === node) reached.add(a)
        }
      }
      return reached
    },
    close: () => {
      for (const node of nodes) node.close()
    },
  }
}

describe('Presence', () => {
  test('passes through a server, and clears when a peer leaves or its connection ends', () => {
    const { nodes, join, cut, settle, close } = network(['ann', 'server', 'ben'])
    const [ann, , ben] = nodes as [Presence<unknown>, Presence<unknown>, Presence<unknown>]
    join(0, 1)
    join(1, 2)
    right(ann.set({ at: 3 }))
    right(ben.set('here'))
    settle()
    expect(ben.peers()).toEqual(new Map([['ann', { at: 3 }]]))
    expect(ann.peers()).toEqual(new Map([['ben', 'here']]))
    cut(0, 1)
    settle()
    expect(ben.peers().size).toBe(0)
    expect(ann.peers().size).toBe(0)
    join(0, 1)
    settle()
    expect(ben.peers()).toEqual(new Map([['ann', { at: 3 }]]))
    ann.set(null)
    settle()
    expect(ben.peers().size).toBe(0)
    close()
  })

  test('shows each the values of all that it can reach, and no others, once things are quiet', () => {
    const node = fc.nat(4)
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.tuple(fc.constant('set' as const), node, fc.option(fc.nat(3))) },
      { weight: 3, arbitrary: fc.tuple(fc.constant('join' as const), node, node) },
      fc.tuple(fc.constant('cut' as const), node, node),
      { weight: 4, arbitrary: fc.tuple(fc.constant('deliver' as const), fc.nat(9), fc.constant(0)) },
      fc.tuple(fc.constant('pass' as const), fc.nat(20), fc.constant(0)),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const ids = ['ann', '__proto__', '', 'ben', '\ud800']
        const { nodes, join, cut, deliver, settle, reach, close } = network(ids)
        for (const [kind, a, b] of steps) {
          if (kind === 'set') nodes[a]!.set(b)
          else if (kind === 'join') join(a, b)
          else if (kind === 'cut') cut(a, b)
          else if (kind === 'deliver') deliver(a)
          else pass(a * 500)
        }
        settle()
        // a peer that was taken for gone is back with its next heartbeat; what is gone lapses
        for (let second = 0; second < 2 * TIMEOUT; second += 5000) {
          pass(5000)
          settle()
        }
        nodes.forEach((one, i) => {
          const reached = ids.flatMap((id, j) =>
            j !== i && reach(i).has(j) && nodes[j]!.value() !== null ? [[id, nodes[j]!.value()] as const] : [],
          )
          expect(one.peers()).toEqual(new Map(reached))
        })
        close()
      }),
      { numRuns: inMemory(300) },
    )
  })

  test('tells a line once over each connection, also where connections form circles', () => {
    const { nodes, join, settle, close } = network(['a', 'b', 'c', 'd', 'e'])
    for (let i = 0; i < 5; i++) for (let j = 0; j < i; j++) join(i, j)
    settle()
    nodes[0]!.set(1)
    // to each of four, each of which tells the other three
    expect(settle()).toBeLessThanOrEqual(4 + 4 * 3)
    close()
  })

  test('lets a silent peer lapse at the same time however often it was passed on', () => {
    const { nodes, join, settle, close } = network(['a', 'b', 'c', 'd'])
    const deaf = Symbol('deaf')
    nodes[0]!.receive('["x",1,"here"]', deaf)
    pass(20_000)
    join(0, 1)
    settle()
    pass(5000)
    join(1, 2)
    settle()
    expect(nodes[2]!.peers().size).toBe(1)
    pass(TIMEOUT - 25_000 + TIMEOUT / 12)
    for (const node of nodes) expect(node.peers().size).toBe(0)
    close()
  })

  test('stays for as long as heartbeats come, without a change for listeners', () => {
    const { nodes, join, settle, close } = network(['ann', 'ben'])
    join(0, 1)
    nodes[0]!.set({ x: 1 })
    settle()
    const before = nodes[1]!.peers()
    const told = vi.fn()
    nodes[1]!.onChange(told)
    for (let i = 0; i < 40; i++) {
      pass(5000)
      expect(settle()).toBeLessThan(3)
    }
    expect(nodes[1]!.peers()).toBe(before)
    expect(told).not.toHaveBeenCalled()
    close()
  })

  test('is seen again at once when it starts anew under its id, and soon if its clock was set back', () => {
    const { nodes, join, cut, settle, close } = network(['server', 'ann', 'ann'])
    join(0, 1)
    nodes[1]!.set('first life')
    settle()
    pass(1)
    join(0, 2)
    nodes[2]!.set('second life')
    settle()
    expect(nodes[0]!.peers()).toEqual(new Map([['ann', 'second life']]))
    // the first life says that it leaves: the second is taken for gone, and says that it is not
    pass(1)
    nodes[1]!.set(null)
    settle()
    expect(nodes[0]!.peers()).toEqual(new Map([['ann', 'second life']]))
    cut(0, 1)
    close()
    const later = network(['server', 'ann'])
    later.nodes[0]!.receive(JSON.stringify(['ann', clock.now + 1e7, 'from a life with another clock']), Symbol('old'))
    later.join(0, 1)
    later.nodes[1]!.set('back')
    later.settle()
    pass(TIMEOUT / 2)
    later.settle()
    expect(later.nodes[0]!.peers()).toEqual(new Map([['ann', 'back']]))
    later.close()
  })

  test('is not silenced by a count that no clock gives', () => {
    const { nodes, join, settle, close } = network(['ann', 'ben'])
    const [ann, ben] = nodes as [Presence<unknown>, Presence<unknown>]
    join(0, 1)
    ann.set('here')
    settle()
    const day = 24 * 60 * 60 * 1000
    for (const count of [Number.MAX_SAFE_INTEGER, clock.now + day + 1]) {
      for (const value of [null, 'forged']) ben.receive(JSON.stringify(['ann', count, value]), Symbol('a third'))
    }
    settle()
    expect(ben.peers()).toEqual(new Map([['ann', 'here']]))
    pass(TIMEOUT)
    ann.set('still here')
    settle()
    expect(ben.peers()).toEqual(new Map([['ann', 'still here']]))
    // within a day, a peer answers with a greater one
    ben.receive(JSON.stringify(['ann', clock.now + day, null]), Symbol('a third'))
    settle()
    pass(TIMEOUT / 2)
    settle()
    expect(ben.peers()).toEqual(new Map([['ann', 'still here']]))
    close()
  })

  test('takes no more peers or bytes than its limits, and no line that is none, and never throws', () => {
    const item = fc.tuple(
      fc.string(),
      fc.oneof(fc.nat(), fc.double()),
      fc.json().map((text) => JSON.parse(text) as unknown),
    )
    const line = fc.oneof(
      fc.string(),
      fc.json(),
      item.map((said) => JSON.stringify(said)),
      fc.constantFrom('[', 'null', '["__proto__",1,{"__proto__":{"polluted":true}}]', `["x",1,"${'é'.repeat(99)}"]`),
      fc.constantFrom(`["deep",1,${'['.repeat(9999)}${']'.repeat(9999)}]`, '["x",1e400,1]', '["x",1,1,-5]', '["x",1]'),
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const presence = createPresence({ id: 'me', maxPeers: 3, maxBytes: 64, now })
        const told: string[] = []
        presence.subscribe((one) => told.push(one))
        for (const one of lines) presence.receive(one, Symbol('peer'))
        expect(presence.peers().size).toBeLessThanOrEqual(3)
        for (const [id, value] of presence.peers()) {
          expect(new TextEncoder().encode(JSON.stringify([id, value])).length).toBeLessThanOrEqual(64)
        }
        expect(told.length).toBeLessThanOrEqual(lines.length)
        expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
        presence.close()
      }),
      { numRuns: inMemory(200) },
    )
  })

  test('takes a line with or without the word before it', () => {
    const ann = made('ann')
    ann.receive('["x",1,"here"]', Symbol('a'))
    ann.receive('PRESENCE ["y",1,"here"]', Symbol('a'))
    expect([...ann.peers().keys()]).toEqual(['x', 'y'])
    ann.close()
  })

  test('takes of a connection as many peers as that may bring, whatever becomes of them', () => {
    const connections = [Symbol('a'), Symbol('b'), Symbol('c')]
    const step = fc.record({
      kind: fc.constantFrom('say' as const, 'leave' as const, 'end' as const, 'pass' as const),
      by: fc.nat(2),
      id: fc.nat(8),
      more: fc.nat(3),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const presence = createPresence({ id: 'me', timeout: TIMEOUT, maxPeers: 6, now })
        // the oracle: who is remembered, by whom, of which count, since when
        let known: { id: number; by: number; count: number; at: number; isHere: boolean }[] = []
        for (const { kind, by, id, more } of steps) {
          if (kind === 'pass') pass(10_000)
          if (kind === 'pass') known = known.filter(({ at }) => clock.now - at < TIMEOUT)
          if (kind === 'end') presence.gone(connections[by]!)
          if (kind === 'end') known = known.filter((one) => one.by !== by)
          if (kind !== 'say' && kind !== 'leave') continue
          const held = known.find((one) => one.id === id)
          const count = (held?.count ?? 0) + more
          presence.receive(JSON.stringify([String(id), count, kind === 'say' ? 1 : null]), connections[by]!, 2)
          const isBack = held !== undefined && more === 0 && held.by === by && held.isHere && kind === 'leave'
          if (held !== undefined && more === 0 && !isBack) continue
          if (held === undefined && known.length >= 6) continue
          if (held?.by !== by && known.filter((one) => one.by === by).length >= 2) continue
          known = known.filter((one) => one !== held)
          known.push({ id, by, count, at: clock.now, isHere: kind === 'say' })
        }
        const here = known.filter(({ isHere }) => isHere).map(({ id }) => String(id))
        expect([...presence.peers().keys()]).toEqual(here.sort())
        presence.close()
      }),
      { numRuns: inMemory(300) },
    )
  })

  test('refuses a value that is no JSON or too large, and passes on what its codec refuses', () => {
    const [ann, hub, ben] = [
      made('ann'),
      createPresence({ id: 'hub', codec: t.type({ x: t.number }), now }),
      made('ben'),
    ] as const
    const [a, b] = [Symbol('a'), Symbol('b')]
    ann.subscribe((line) => {
      hub.receive(line, a)
    })
    hub.subscribe((line) => {
      ben.receive(line, b)
    }, b)
    expect(ann.set({ f: NaN })).toMatchObject({ left: { _tag: 'InvalidValue', at: '.f' } })
    expect(ann.set('x'.repeat(5000))).toMatchObject({ left: { _tag: 'ValueTooLarge', limit: 4096 } })
    ann.set({ x: 'new kind' })
    expect(hub.peers().size).toBe(0)
    expect(ben.peers().get('ann')).toEqual({ x: 'new kind' })
    ann.set({ x: 1 })
    expect(hub.peers().get('ann')?.x).toBe(1)
    for (const one of [ann, hub, ben]) one.close()
  })

  test('is no part of the replica: streams carry it beside the session, cut anywhere', async () => {
    vi.useRealTimers()
    const sb = scuttlebutt(Model.of(t.number))
    const [ann, ben] = [createStore(sb, 'ann'), createStore(sb, 'ben')]
    const [annIs, benIs] = [createPresence({ id: 'tab 1' }), createPresence({ id: 'tab 2' })]
    right(annIs.set({ cursor: 'line\nend' }))
    ann.change(Model.set('x', 1))
    const options = (presence: Presence<unknown>): StreamOptions => ({ presence })
    const [left, other] = [createStream(ann, options(annIs)), createStream(ben, options(benIs))]
    const cut = (from: typeof left, to: typeof left): void => {
      from.on('data', (chunk: Buffer) => {
        for (const byte of chunk) to.write(Uint8Array.of(byte))
      })
    }
    cut(left, other)
    cut(other, left)
    await eventually(() => {
      expect(benIs.peers().get('tab 1')).toEqual({ cursor: 'line\nend' })
    })
    right(benIs.set('here'))
    ben.change(Model.set('y', 2))
    await eventually(() => {
      expect(annIs.peers().get('tab 2')).toBe('here')
      expect(Model.toJSON(ann.getReplica().state)).toEqual({ x: 1, y: 2 })
    })
    expect(Object.keys(sb.digest(ann.getReplica()).clock)).toEqual(['ann', 'ben'])
    expect(sb.digest(ann.getReplica()).clock).toEqual(sb.digest(ben.getReplica()).clock)
    left.destroy()
    other.destroy()
    await eventually(() => {
      expect([annIs.peers().size, benIs.peers().size]).toEqual([0, 0])
    })
    annIs.close()
    benIs.close()
  })
})
