/** The gate's state machine: against a naive model, and under the convergence kit. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { assertReplicas } from '../../src/laws/index.js'
import { Model, scuttlebutt, unwrap, type Update } from '../../src/index.js'
import * as SortedMap from '../../src/structures/SortedMap.js'
import * as Admission from '../../src/trust/Admission.js'
import type { Verdict } from '../../src/trust/verify.js'

type Change = Model.Change<number>
type State = Admission.Admission<Change, string>

const believed: Verdict = { _tag: 'Right', right: true }
const refusedOf = (update: unknown): Verdict => ({
  _tag: 'Left',
  left: { _tag: 'Forged', at: '[3]', reason: 'test', update },
})

const textOf = (update: Update<Change>): string => JSON.stringify(update)

describe('Admission', () => {
  const update = (source: string, n: number): Update<Change> => [['k', n], n, source]

  test('believes updates of a source in the order in which they came, though verdicts come in another', () => {
    const [one, two] = [update('ann', 1), update('ann', 2)]
    const first = Admission.arrive({ update: one, from: 'peer' }, textOf(one), 10)(Admission.empty())
    const second = Admission.arrive({ update: two, from: 'peer' }, textOf(two), 10)(first.admission)
    const early = Admission.decide(second.toVerify!, believed)(second.admission)
    expect([early.believed, Admission.size(early.admission)]).toEqual([[], 2])
    const late = Admission.decide(first.toVerify!, believed)(early.admission)
    expect(late.believed.map((waiting) => waiting.update)).toEqual([one, two])
    expect(late.admission).toMatchObject({ queues: Admission.empty().queues, tickets: Admission.empty().tickets })
  })

  const step = fc.oneof(
    fc.record({ peer: fc.constantFrom('p', 'q'), source: fc.constantFrom('a', 'b'), n: fc.nat(5) }),
    fc.record({ verdictOf: fc.nat(), isGood: fc.boolean() }),
  )

  test('agrees with a naive model of queues, whatever arrives and in whatever order verdicts come', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 6 }), (steps, limit) => {
        let state: State = Admission.empty()
        let model: { update: Update<Change>; peers: string[]; verdict?: boolean }[] = []
        const asked: Admission.Waiting<Change, string>[] = []
        const versions: (readonly [State, number])[] = []
        for (const one of steps) {
          versions.push([state, model.length])
          if ('peer' in one) {
            const arriving = update(one.source, one.n)
            const isKnown = model.some((waiting) => textOf(waiting.update) === textOf(arriving))
            const arrived = Admission.arrive<Change, string>(
              { update: arriving, from: one.peer },
              textOf(arriving),
              limit,
            )(state)
            state = arrived.admission
            expect(arrived.toVerify !== undefined).toBe(!isKnown && model.length < limit)
            expect(typeof arrived.ticket).toBe(isKnown || model.length < limit ? 'number' : 'object')
            const known = model.find((waiting) => textOf(waiting.update) === textOf(arriving))
            if (known !== undefined) known.peers = [...new Set([...known.peers, one.peer])]
            if (arrived.toVerify === undefined) continue
            asked.push(arrived.toVerify)
            model.push({ update: arriving, peers: [one.peer] })
          } else if (asked.length > 0) {
            const [waiting] = asked.splice(one.verdictOf % asked.length, 1)
            const verdict = one.isGood ? believed : refusedOf(waiting!.update)
            const decided = Admission.decide(waiting!, verdict)(state)
            state = decided.admission
            const mine = model.find((other) => other.update === waiting!.update)
            const [yes, no, told]: [unknown[], unknown[], unknown[]] = [[], [], []]
            if (mine !== undefined) mine.verdict = one.isGood
            const [, , source] = waiting!.update
            for (;;) {
              const head = model.find((other) => other.update[2] === source)
              if (mine === undefined || head?.verdict === undefined) break
              model = model.filter((other) => other !== head)
              ;(head.verdict ? yes : no).push(head.update)
              if (head.verdict) continue
              told.push([head.update, head.peers])
              for (const other of model.filter(({ update: [, , its] }) => its === source)) {
                const stopped = other.peers.filter((peer) => head.peers.includes(peer))
                other.peers = other.peers.filter((peer) => !head.peers.includes(peer))
                if (stopped.length > 0) told.push([other.update, stopped])
                if (other.peers.length === 0) no.push(other.update)
              }
              model = model.filter(({ peers }) => peers.length > 0)
            }
            expect(decided.believed.map((other) => other.update)).toEqual(yes)
            const refusals = decided.refused.map(({ bringers, rejection }) => [
              'update' in rejection && rejection.update,
              bringers,
            ])
            expect(refusals).toEqual(told)
            expect(decided.released).toHaveLength(yes.length + no.length)
          }
          expect(Admission.size(state)).toBe(model.length)
          for (const source of ['a', 'b']) {
            const its = model.filter((other) => other.update[2] === source)
            expect(Admission.isBusy(source)(state)).toBe(its.length > 0)
            expect(Admission.waitingOf(source)(state).map((other) => other.update)).toEqual(its.map((o) => o.update))
          }
        }
        for (const [version, size] of versions) expect(Admission.size(version)).toBe(size)
      }),
    )
  })

  test('lets replicas converge under the kit, with slow verdicts, repeats and forgeries', () => {
    const { applyUpdates, change, create, digest, history } = scuttlebutt(Model.of(t.number))
    interface Guarded {
      replica: ReturnType<typeof create>
      admission: State
    }
    /** A message is signed by a fourth member: the source's own name, or not. */
    const verdictOn = (arrived: Update<Change>): Verdict => (arrived[3] === arrived[2] ? believed : refusedOf(arrived))
    const decide = (guarded: Guarded, waiting: Admission.Waiting<Change, string>): void => {
      const decided = Admission.decide(waiting, verdictOn(waiting.update))(guarded.admission)
      guarded.admission = decided.admission
      guarded.replica = applyUpdates(decided.believed.map((one) => one.update))(guarded.replica)
    }
    const waitingIn = ({ admission }: Guarded) =>
      SortedMap.keys(admission.queues).flatMap((source) => [...Admission.waitingOf(source)(admission)])
    const settle = (guarded: Guarded): Guarded => {
      for (const waiting of waitingIn(guarded)) decide(guarded, waiting)
      return guarded
    }
    const hear = (guarded: Guarded, updates: ReadonlyArray<Update<Change>>, from: string): void => {
      for (const one of updates) {
        guarded.admission = Admission.arrive({ update: one, from }, textOf(one), Infinity)(guarded.admission).admission
      }
    }
    assertReplicas<Guarded, readonly [string, number], ReadonlyArray<Update<Change>>>({
      create: (id) => ({ replica: create(id), admission: Admission.empty() }),
      command: fc.tuple(fc.constantFrom('x', 'y', 'verdict', 'forge'), fc.nat(9)),
      local:
        ([what, n], { now }) =>
        (guarded) => {
          const waiting = waitingIn(guarded)
          if (what === 'verdict') {
            if (waiting.length > 0) decide(guarded, waiting[n % waiting.length]!)
          } else if (what === 'forge') hear(guarded, [[['x', 99], now + n, 'a', 'eve']], 'eve')
          else {
            const [[made, timestamp, source]] = unwrap(change(Model.set(what, n), now)(guarded.replica))
            guarded.replica = applyUpdates([[made, timestamp, source, source]])(guarded.replica)
          }
        },
      send: (peer) => (guarded) => history(digest(peer.replica).clock)(settle(guarded).replica),
      receive:
        (updates, { id }) =>
        (guarded) => {
          hear(guarded, updates, `peer of ${id}`)
        },
      show: ({ replica, admission }) => Model.toJSON(settle({ replica, admission }).replica.state),
      runs: 1000,
      seed: 7,
    })
  })
})
