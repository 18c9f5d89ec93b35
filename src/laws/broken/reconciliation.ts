/** Clocks that cover updates which the replica lacks. */
import * as fc from 'fast-check'
import { opaque, operations } from '../subjects/forms.js'
import { broken } from './Broken.js'

interface Said {
  readonly by: string
  readonly number: number
  readonly value: number
}

interface Replica {
  readonly id: string
  readonly clock: ReadonlyMap<string, number>
  readonly log: ReadonlyArray<Said>
}

const seen = (clock: Replica['clock'], by: string): number => clock.get(by) ?? 0

const show = ({ log }: Pick<Replica, 'log'>): unknown =>
  log.map(({ by, number, value }) => `${by} ${String(number)} ${String(value)}`).sort()

export const adoptsDigest = broken(
  {
    name: 'adoptsDigest',
    because:
      'a replica adopts the clock of its peer with a reply that was cut to a budget: it never asks for the ' +
      'rest again (van Renesse et al., LADIS 2008, section 3: a prefix of each source)',
    law: 'convergence',
    verdict: 'diverged',
  },
  opaque({
    command: fc.nat(3),
    create: (id: string): Replica => ({ id, clock: new Map(), log: [] }),
    local:
      (value: number) =>
      ({ id, clock, log }) => {
        const number = seen(clock, id) + 1
        return { id, clock: new Map(clock).set(id, number), log: [...log, { by: id, number, value }] }
      },
    send:
      (peer) =>
      ({ clock, log }) => {
        const missing = log.filter(({ by, number }) => number > seen(peer.clock, by))
        return missing.length === 0 ? undefined : { clock, updates: missing.slice(0, 1) }
      },
    receive:
      ({ clock, updates }: Pick<Replica, 'clock'> & { readonly updates: ReadonlyArray<Said> }) =>
      (replica) => {
        const fresh = updates.filter(({ by, number }) => number > seen(replica.clock, by))
        const adopted = [...clock].map(([by, number]) => [by, Math.max(number, seen(replica.clock, by))] as const)
        return { id: replica.id, clock: new Map([...replica.clock, ...adopted]), log: [...replica.log, ...fresh] }
      },
    show,
    isWhole: false,
  }),
)

export const pastGap = broken(
  {
    name: 'pastGap',
    because:
      'a clock covers an update that arrived before an earlier one of its source, which is then refused as ' +
      'old (Parker et al., IEEE TSE 1983: version vectors allow no gaps)',
    law: 'convergence',
    verdict: 'diverged',
  },
  operations<Omit<Replica, 'id'>, number, Said>({
    empty: { clock: new Map(), log: [] },
    command: fc.nat(3),
    prepare:
      (value, { id }) =>
      ({ clock }) => ({ by: id, number: seen(clock, id) + 1, value }),
    apply: (said) => (replica) =>
      said.number <= seen(replica.clock, said.by)
        ? replica
        : { clock: new Map(replica.clock).set(said.by, said.number), log: [...replica.log, said] },
    show,
    delivery: { order: 'any', copies: 'at least once' },
  }),
)
