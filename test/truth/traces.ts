/**
 * Schedules of messages by name: the ways in which a clock went wrong before (W1 to W8), and the
 * traces that broke the first draft of the rules (D1 to D8). Those of streams: `streamTraces.ts`.
 */
import type { Step } from './networks.js'

/** Replicas are a, b, c, … by index. */
export interface Trace {
  readonly name: string
  readonly size: number
  readonly steps: ReadonlyArray<Step>
  /** Replica and source of each doubt after the steps. */
  readonly doubts: ReadonlyArray<string>
  /** Stamps that each replica holds after the steps, by index; what is left out is not asked. */
  readonly holds?: Readonly<Record<number, ReadonlyArray<string>>>
  /** Whether replicas that are sure of all they have seen break a law in it, or forget. */
  readonly breaksNaive: boolean
}

const write = (at: number, keys: string, kind?: 'newer' | 'big'): Step => ({
  do: 'write',
  at,
  keys,
  ...(kind !== undefined && { kind }),
})
const open = (at: number): Step => ({ do: 'open', at })
const deliver = (mail: number, to: number, budget = Infinity, keep = false): Step => ({
  do: 'deliver',
  mail,
  to,
  budget,
  keep,
})
const talk = (at: number, to: number): Step => ({ do: 'talk', at, to, budgets: [Infinity, Infinity] })
const tell = (at: number, update: number): Step => ({ do: 'tell', at, update })
const lose = (mail: number): Step => ({ do: 'lose', mail })
const run = (at: number, program: 'new' | 'old' | 'small'): Step => ({ do: 'run', at, program })
const die = (at: number): Step => ({ do: 'die', at })

/** b and c have met a's second update, and not its first. */
const twoInDoubt: ReadonlyArray<Step> = [
  write(0, 'x'),
  write(0, 'y'),
  tell(0, 1),
  deliver(0, 1, Infinity, true),
  deliver(0, 2),
  lose(0),
  lose(0),
]

export const traces: ReadonlyArray<Trace> = [
  {
    name: 'W1: a transfer is cut after s:2, what superseded s:1 had not come, and its holder dies',
    size: 3,
    steps: [write(0, 'x'), write(0, 'y'), talk(1, 0), write(1, 'x'), open(2), deliver(0, 1, 1), die(1), deliver(0, 2)],
    doubts: ['c of a'],
    holds: { 0: ['1 a', '2 a'], 2: ['2 a'] },
    breaksNaive: true,
  },
  {
    name: 'W2: an update over the limit is refused, the next of its source is taken, the limit is raised',
    size: 2,
    steps: [run(1, 'small'), write(0, 'x', 'big'), write(0, 'y'), talk(0, 1), run(1, 'new')],
    doubts: ['b of a'],
    holds: { 1: ['2 a'] },
    breaksNaive: true,
  },
  {
    name: 'W2: an old program between new ones passes on what it cannot read, and reads it after its upgrade',
    size: 3,
    steps: [run(1, 'old'), write(0, 'x', 'newer'), write(0, 'y'), talk(0, 1), talk(1, 2), die(0), run(1, 'new')],
    doubts: [],
    holds: { 1: ['1 a', '2 a'], 2: ['1 a', '2 a'] },
    breaksNaive: false,
  },
  {
    name: 'W2: a device whose clock stands still refuses what is too far ahead, and asks again later',
    size: 2,
    steps: [
      write(1, 'z'),
      { do: 'run', at: 1, program: 'late' },
      write(0, 'x'),
      write(0, 'y'),
      talk(0, 1),
      run(1, 'new'),
      talk(1, 0),
    ],
    doubts: [],
    holds: { 1: ['1 b', '2 a', '3 a'] },
    breaksNaive: false,
  },
  {
    name: 'W2: a doubted update that is refused does not hold up the next one',
    size: 2,
    steps: [
      write(0, 'x', 'big'),
      write(0, 'y'),
      write(0, 'z'),
      run(1, 'small'),
      tell(0, 2),
      deliver(0, 1),
      { do: 'talk', at: 0, to: 1, budgets: [1, 1] },
    ],
    doubts: ['b of a'],
    holds: { 1: ['2 a', '3 a'] },
    breaksNaive: true,
  },
  {
    name: 'W3: a push made by hand is lost, the next one arrives',
    size: 2,
    steps: [write(0, 'x'), tell(0, 0), lose(0), write(0, 'y'), tell(0, 1), deliver(0, 1)],
    doubts: ['b of a'],
    holds: { 1: ['2 a'] },
    breaksNaive: true,
  },
  {
    name: 'W3: a push since a version is lost, the next one arrives',
    size: 2,
    steps: [
      write(0, 'x'),
      { do: 'push', at: 0, version: 0 },
      lose(0),
      write(0, 'y'),
      { do: 'push', at: 0, version: 1 },
      deliver(0, 1),
    ],
    doubts: ['b of a'],
    holds: { 1: ['2 a'] },
    breaksNaive: true,
  },
  {
    name: 'W3: an answer to another is overheard on a bus',
    size: 3,
    steps: [write(0, 'x'), talk(1, 0), write(0, 'y'), open(1), deliver(0, 0), deliver(0, 2)],
    doubts: ['c of a'],
    holds: { 2: ['2 a'] },
    breaksNaive: true,
  },
  {
    name: 'W3: an answer that is overheard by one who knows as much is a round for it as well',
    size: 3,
    steps: [write(0, 'x'), write(0, 'y'), open(1), deliver(0, 0), deliver(0, 2)],
    doubts: [],
    holds: { 2: ['1 a', '2 a'] },
    breaksNaive: false,
  },
  {
    name: 'W6: a replica jumps back, writes on and syncs: it catches up with its head first',
    size: 3,
    steps: [write(0, 'x'), write(0, 'y'), talk(1, 0), { do: 'rewind', at: 0, version: 1 }, write(0, 'z'), talk(0, 2)],
    doubts: [],
    holds: { 0: ['1 a', '2 a', '3 a'], 2: ['1 a', '2 a', '3 a'] },
    breaksNaive: false,
  },
  {
    name: 'W6: a writer restored from a backup writes on, and gets back what it forgot',
    size: 2,
    steps: [write(0, 'x'), write(0, 'y'), talk(1, 0), { do: 'restore', at: 0, version: 0 }, write(0, 'z'), talk(0, 1)],
    doubts: [],
    holds: { 0: ['1 a', '2 a', '3 a'], 1: ['1 a', '2 a', '3 a'] },
    breaksNaive: true,
  },
  {
    name: 'W8: a second content under one stamp counts where it arrives in a message',
    size: 3,
    steps: [write(0, 'x'), talk(1, 0), { do: 'fork', at: 0, keys: 'x' }, tell(0, 0), deliver(0, 1)],
    doubts: [],
    holds: { 0: ['1 a'], 1: ['1 a', '1 a'] },
    breaksNaive: false,
  },
  {
    name: 'W8: a second content under one stamp counts where it arrives by merge',
    size: 3,
    steps: [write(0, 'x'), talk(1, 0), { do: 'fork', at: 0, keys: 'x' }, { do: 'merge', at: 1, from: 0 }],
    doubts: [],
    holds: { 1: ['1 a', '1 a'] },
    breaksNaive: false,
  },
  {
    name: 'D1: two in doubt of the same source talk, and do not resend it to each other',
    size: 3,
    steps: [...twoInDoubt, die(0), talk(1, 2)],
    doubts: ['b of a', 'c of a'],
    holds: { 1: ['2 a'], 2: ['2 a'] },
    breaksNaive: true,
  },
  {
    name: 'D2: one asks two peers in turn, with a budget of 1, and gets all that it doubts',
    size: 3,
    steps: [
      ...[0, 0, 0, 0].map((at, i): Step => write(at, 'wxyz'[i]!)),
      talk(1, 0),
      tell(0, 3),
      deliver(0, 2),
      lose(0),
      open(2),
      // what c says to one peer is taken to the other: `after` is no claim, so that does no harm
      ...[0, 1, 0, 1].flatMap((peer): ReadonlyArray<Step> => [deliver(0, peer, 1), deliver(0, 2)]),
    ],
    doubts: [],
    holds: { 2: ['1 a', '2 a', '3 a', '4 a'] },
    breaksNaive: true,
  },
  {
    name: 'D3: a peer that is restored between two parts of its answer comes to other contents',
    size: 3,
    steps: [
      write(0, 'x'),
      write(1, 'x'),
      write(1, 'y'),
      talk(0, 1),
      open(2),
      deliver(0, 0, 1),
      deliver(0, 2),
      { do: 'restore', at: 0, version: 0 },
      write(0, 'z'),
      deliver(0, 0, 1),
      deliver(0, 2),
    ],
    doubts: ['a of a', 'c of a', 'c of b'],
    breaksNaive: false,
  },
  {
    name: 'D4: the last answer of a round comes late, after the restore of who asked',
    size: 2,
    steps: [
      write(1, 'w'),
      write(0, 'x'),
      talk(1, 0),
      write(0, 'y'),
      talk(1, 0),
      write(0, 'z'),
      open(1),
      deliver(0, 0),
      { do: 'restore', at: 1, version: 1 },
      deliver(0, 1),
    ],
    doubts: ['b of a'],
    holds: { 1: ['1 b', '2 a', '4 a'] },
    breaksNaive: true,
  },
  {
    name: 'D5: one that is not sure pushes what it wrote and heard',
    size: 3,
    steps: [...twoInDoubt, { do: 'push', at: 1, version: 0 }, deliver(0, 2)],
    doubts: ['b of a', 'c of a'],
    breaksNaive: true,
  },
  {
    name: 'D7: a peer that pruned does not vouch for what it let go',
    size: 3,
    steps: [
      write(0, 'x'),
      write(0, 'y'),
      talk(1, 0),
      { do: 'prune', at: 1, upTo: 1 },
      open(2),
      deliver(0, 1),
      deliver(0, 2),
    ],
    doubts: ['c of a'],
    holds: { 2: ['2 a'] },
    breaksNaive: true,
  },
  {
    name: 'D8: a restored writer is not sure of what it forgot, nor makes others sure',
    size: 3,
    steps: [
      write(0, 'x'),
      write(0, 'y'),
      talk(1, 0),
      { do: 'restore', at: 0, version: 0 },
      write(0, 'z'),
      open(2),
      deliver(0, 0),
      deliver(0, 2),
    ],
    doubts: ['a of a', 'c of a'],
    holds: { 2: ['1 a', '3 a'] },
    breaksNaive: true,
  },
]
