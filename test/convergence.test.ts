import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Clock, scuttlebutt, type Replica, type Update } from '../src/index.js'
import { budget, converse, inOrder, overTheWire, plan, run, settle, shuffledAcrossSources } from './network.js'
import { table } from './table.js'

/** `npm run soak` sets it to a million. */
const CASES = Number(process.env['CASES'] ?? 10_000)
/** For properties that are dear, or that fewer cases show. */
const FEW = Math.ceil(CASES / 10)

describe.each(table.map((entry) => [entry.dataType.name, entry] as const))('%s', { timeout: 3_600_000 }, (_, entry) => {
  const { create, change, applyUpdate, applyUpdates, digest, history, merge, decode } = scuttlebutt(entry.dataType)
  const { eq, toJSON, oracle } = entry
  type State = typeof entry.dataType.empty
  type Any = Replica<State, unknown>

  const fold = (updates: Iterable<Update<unknown>>, replica: Any): Any => {
    let folded = replica
    for (const update of updates) folded = applyUpdate(update)(folded)
    return folded
  }

  const expectSame = (a: Any, b: Any): void => {
    expect(Clock.Eq.equals(a.clock, b.clock)).toBe(true)
    expectSameData(a, b)
  }

  /** Their clocks may tell apart which superseded updates each has met. */
  const expectSameData = (a: Any, b: Any): void => {
    expect(eq.equals(a.state, b.state)).toBe(true)
    expect(history()(a)).toEqual(history()(b))
  }

  test(
    'N5: converges to what all updates come to in total order, whatever the network did',
    { timeout: 3_600_000 },
    () => {
      fc.assert(
        fc.property(plan(entry), (schedule) => {
          const { replicas, updates } = run(entry, schedule)
          const expected = JSON.stringify(oracle(updates))
          const settled = settle(entry, replicas)
          for (const replica of settled) {
            if (JSON.stringify(toJSON(replica.state)) !== expected)
              expect(toJSON(replica.state)).toEqual(oracle(updates))
            if (!eq.equals(settled[0]!.state, replica.state)) expect.unreachable('equal as JSON, unequal by Eq')
          }
        }),
        { numRuns: CASES },
      )
    },
  )

  test('gives the same reference for updates that it covers', () => {
    fc.assert(
      fc.property(plan(entry), (schedule) => {
        const { replicas } = run(entry, schedule)
        for (const replica of replicas) {
          for (const update of history()(replica)) expect(applyUpdate(update)(replica)).toBe(replica)
          expect(applyUpdates(history()(replica))(replica)).toBe(replica)
          expect(merge(replica)(replica)).toBe(replica)
        }
      }),
      { numRuns: FEW },
    )
  })

  test('applies a batch as it applies each', () => {
    fc.assert(
      fc.property(plan(entry), fc.nat(), fc.nat(), (schedule, seed, some) => {
        const { replicas, updates } = run(entry, schedule)
        const shuffled = shuffledAcrossSources(updates, seed)
        expectSame(applyUpdates(shuffled)(create('z')), fold(shuffled, create('z')))
        const replica = replicas[some % replicas.length]!
        expectSame(applyUpdates(shuffled)(replica), fold(shuffled, replica))
      }),
      { numRuns: FEW },
    )
  })

  test('never changes an older version', () => {
    fc.assert(
      fc.property(plan(entry), (schedule) => {
        const describe = (replica: Any): string =>
          JSON.stringify([digest(replica), toJSON(replica.state), history()(replica)])
        const seen = new Map<Any, string>()
        // the replicas go on from every version, once each has been described
        const { versions } = run(entry, schedule)
        for (const version of versions) seen.set(version, describe(version))
        settle(entry, versions)
        for (const [version, before] of seen) expect(describe(version)).toBe(before)
      }),
      { numRuns: FEW },
    )
  })

  test('has a history of just what a clock lacks, sorted', () => {
    fc.assert(
      fc.property(plan(entry), fc.nat(), (schedule, some) => {
        const { replicas, versions } = run(entry, schedule)
        const { clock } = digest(versions[some % versions.length]!)
        for (const replica of replicas) {
          const lacked = history()(replica).filter(([, timestamp, source]) => {
            const known = Object.entries(clock).find(([id]) => id === source)
            return known === undefined || known[1] < timestamp
          })
          expect(history(clock)(replica)).toEqual(inOrder(lacked))
        }
      }),
      { numRuns: FEW },
    )
  })

  test('tells a newcomer by history alone all that counts', () => {
    fc.assert(
      fc.property(plan(entry), (schedule) => {
        const { replicas } = run(entry, schedule)
        for (const replica of replicas) {
          const newcomer = applyUpdates(history()(replica))(create('newcomer'))
          expect(JSON.stringify(toJSON(newcomer.state))).toBe(JSON.stringify(toJSON(replica.state)))
          expect(history()(newcomer)).toEqual(history()(replica))
        }
      }),
      { numRuns: FEW },
    )
  })

  test('R3: leaves no gap within a source when a budget cuts a history short', () => {
    fc.assert(
      fc.property(plan(entry), fc.nat(), budget, (schedule, some, limits) => {
        const { replicas, versions } = run(entry, schedule)
        const { clock } = digest(versions[some % versions.length]!)
        for (const replica of replicas) {
          const whole = history(clock)(replica)
          const part = history(clock, limits)(replica)
          const bytes = part.reduce((sum, update) => sum + Buffer.byteLength(JSON.stringify(update)), 0)
          expect(part.length > 0).toBe(whole.length > 0)
          expect(part.length).toBeLessThanOrEqual(Math.max(1, limits.maxUpdates ?? Infinity))
          if (part.length > 1) expect(bytes).toBeLessThanOrEqual(limits.maxBytes ?? Infinity)
          expect(part).toEqual(inOrder(part))
          for (const source of new Set(whole.map(([, , id]) => id))) {
            const of = (updates: typeof whole) => updates.filter(([, , id]) => id === source)
            expect(of(part)).toEqual(of(whole).slice(0, of(part).length))
          }
          if (limits.order === 'oldest-first') expect(part).toEqual(whole.slice(0, part.length))
        }
      }),
      { numRuns: FEW },
    )
  })

  test('R3: reaches by budgeted reconciles what one unbounded reaches, and falls silent', () => {
    fc.assert(
      fc.property(plan(entry, true), budget, (schedule, limits) => {
        const [a, b] = run(entry, schedule).replicas as [Any, Any]
        const [boundedA, boundedB] = converse(entry, a, b, limits)
        const [freeA, freeB, messages] = converse(entry, a, b)
        expectSameData(boundedA, freeA)
        expectSameData(boundedB, freeB)
        expect(messages).toBeLessThanOrEqual(4)
        expect(JSON.stringify(toJSON(freeA.state))).toBe(JSON.stringify(toJSON(freeB.state)))
      }),
      { numRuns: FEW },
    )
  })

  test('merges associatively, commutatively, idempotently, and never backwards', () => {
    fc.assert(
      fc.property(plan(entry, true), (schedule) => {
        const { replicas } = run(entry, schedule)
        const [a, b, c] = [replicas[0]!, replicas[1]!, replicas[2] ?? replicas[0]!]
        expectSame(merge(c)(merge(b)(a)), merge(merge(c)(b))(a))
        expectSame(merge(b)(a), merge(a)(b))
        expectSame(merge(a)(a), a)
        expect(Clock.leq(a.clock, merge(b)(a).clock)).toBe(true)
        expect(Clock.Eq.equals(merge(b)(a).clock, Clock.join(a.clock)(b.clock))).toBe(true)
      }),
      { numRuns: FEW },
    )
  })

  test('says the same as any other replica with an equal clock, when no transfer was cut short', () => {
    fc.assert(
      fc.property(plan(entry, true), (schedule) => {
        const versions = run(entry, schedule).versions
        for (const one of versions) {
          for (const other of versions) {
            if (!Clock.Eq.equals(one.clock, other.clock)) continue
            expect(JSON.stringify(toJSON(one.state))).toBe(JSON.stringify(toJSON(other.state)))
          }
        }
      }),
      { numRuns: FEW },
    )
  })

  test('stamps every local update after all that it has seen', () => {
    fc.assert(
      fc.property(plan(entry), entry.change, fc.double(), (schedule, made, now) => {
        for (const replica of run(entry, schedule).replicas) {
          const changed = change(made, now)(replica)
          if (changed._tag === 'Left') {
            if (typeof made === 'function') continue
            expect(now).toBeGreaterThan(Number.MAX_SAFE_INTEGER)
            continue
          }
          const [[, timestamp], next] = changed.right
          for (const seen of Object.values(digest(replica).clock)) expect(timestamp).toBeGreaterThan(seen)
          expect(next).not.toBe(replica)
        }
      }),
      { numRuns: FEW },
    )
  })

  test('decodes what it encoded', () => {
    fc.assert(
      fc.property(plan(entry), (schedule) => {
        for (const update of run(entry, schedule).updates) {
          expect(decode()(overTheWire(update))).toEqual({ _tag: 'Right', right: update })
        }
      }),
      { numRuns: FEW },
    )
  })
})
