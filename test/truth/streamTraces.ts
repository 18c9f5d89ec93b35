/**
 * Schedules of streams by name, beside those of `traces.ts`. W5 is about signatures, which this
 * model leaves out; its schedule has a refusal beside a second connection.
 */
import type { StreamStep } from './streams.js'

export interface StreamTrace {
  readonly name: string
  readonly size: number
  readonly original?: '5.6' | '5.5'
  readonly steps: ReadonlyArray<StreamStep>
  /** Replica and source of each doubt after the steps. */
  readonly doubts: ReadonlyArray<string>
  /** Stamps that replicas hold after the steps, by index. */
  readonly holds?: Readonly<Record<number, ReadonlyArray<string>>>
}

const write = (at: number, keys: string, kind?: 'newer' | 'big'): StreamStep => ({
  do: 'write',
  at,
  keys,
  ...(kind !== undefined && { kind }),
})
const run = (at: number, program: 'new' | 'old' | 'small'): StreamStep => ({ do: 'run', at, program })
const die = (at: number): StreamStep => ({ do: 'die', at })
const prune = (at: number, upTo: number): StreamStep => ({ do: 'prune', at, upTo })
const connect = (at: number, to: number): StreamStep => ({ do: 'connect', at, to })
const send = (link: number, side: 0 | 1, max = Infinity): StreamStep => ({ do: 'send', link, side, max })
const hear = (link: number, side: 0 | 1, lines = 99): StreamStep => ({ do: 'hear', link, side, lines })
const cut = (link: number): StreamStep => ({ do: 'cut', link })

/** Both sides say and hear all they have, three times over. */
const exchange = (link: number): ReadonlyArray<StreamStep> =>
  Array.from({ length: 3 }, () => [hear(link, 0), hear(link, 1), send(link, 0), send(link, 1)]).flat()

/** a has two updates, and its header and updates are on the way to b. */
const underWay: ReadonlyArray<StreamStep> = [
  write(0, 'x'),
  write(0, 'y'),
  connect(0, 1),
  hear(0, 0),
  hear(0, 1),
  send(0, 0),
]

export const streamTraces: ReadonlyArray<StreamTrace> = [
  {
    name: 'W1: a stream is cut before what superseded s:1 came, and its holder dies',
    size: 3,
    steps: [
      write(0, 'x'),
      write(0, 'y'),
      connect(0, 1),
      ...exchange(0),
      write(1, 'x'),
      connect(1, 2),
      hear(1, 0),
      hear(1, 1),
      send(1, 0, 1),
      hear(1, 1),
      die(1),
    ],
    doubts: ['c of a'],
    holds: { 2: ['2 a'] },
  },
  {
    name: 'W2: what a stream refused is asked for by the next one',
    size: 2,
    steps: [run(1, 'small'), write(0, 'x', 'big'), write(0, 'y'), connect(0, 1), ...exchange(0)],
    doubts: ['b of a'],
    holds: { 1: ['2 a'] },
  },
  {
    name: 'W4: a line is lost, so the count is wrong and the stream ends',
    size: 2,
    steps: [...underWay, { do: 'lose', link: 0, side: 1, line: 0 }, hear(0, 1)],
    doubts: ['b of a'],
    holds: { 1: ['2 a'] },
  },
  {
    name: 'W4: a line is damaged, so no claim counts on the stream',
    size: 2,
    steps: [...underWay, { do: 'damage', link: 0, side: 1, line: 0 }, ...exchange(0)],
    doubts: ['b of a'],
    holds: { 1: ['2 a'] },
  },
  {
    name: 'W4: a clean second stream repairs what was damaged on the first',
    size: 2,
    steps: [
      ...underWay,
      { do: 'damage', link: 0, side: 1, line: 0 },
      ...exchange(0),
      cut(0),
      connect(0, 1),
      ...exchange(0),
    ],
    doubts: [],
    holds: { 1: ['1 a', '2 a'] },
  },
  {
    name: 'W4: an update and its claim are lost together, so the number of the next claim is wrong',
    size: 2,
    steps: [
      connect(0, 1),
      hear(0, 0),
      hear(0, 1),
      send(0, 0),
      hear(0, 1),
      write(0, 'xy'),
      send(0, 0),
      write(0, 'x'),
      { do: 'lose', link: 0, side: 1, line: 1 },
      { do: 'lose', link: 0, side: 1, line: 0 },
      send(0, 0),
      hear(0, 1),
    ],
    doubts: ['b of a'],
    holds: { 1: ['2 a'] },
  },
  {
    name: 'W4: a claim is lost that told a floor, so the number of the next one is wrong',
    size: 2,
    steps: [
      write(0, 'x'),
      connect(0, 1),
      hear(0, 0),
      prune(0, 1),
      send(0, 0),
      // behind the opening line and the header
      { do: 'lose', link: 0, side: 1, line: 2 },
      write(0, 'y'),
      send(0, 0),
      hear(0, 1),
    ],
    doubts: ['b of a'],
    holds: { 1: ['2 a'] },
  },
  {
    name: 'W5: an update is refused on one of two connections, the next one comes by the other',
    size: 3,
    steps: [
      ...underWay,
      { do: 'damage', link: 0, side: 1, line: 0 },
      hear(0, 1),
      connect(0, 2),
      ...exchange(1),
      write(0, 'z'),
      send(1, 0),
      hear(1, 1),
      connect(2, 1),
      ...exchange(2),
    ],
    doubts: [],
    holds: { 1: ['1 a', '2 a', '3 a'] },
  },
  {
    name: 'W7: an original of 5.5.20 sends a live update before its header and history',
    size: 2,
    original: '5.5',
    steps: [write(0, 'x'), write(0, 'y'), connect(0, 1), write(0, 'z'), send(0, 0), hear(0, 1)],
    doubts: ['b of a'],
    holds: { 1: ['3 a'] },
  },
  {
    name: 'W7: its history fills the hole, and its SYNC ends the round',
    size: 2,
    original: '5.5',
    steps: [write(0, 'x'), write(0, 'y'), connect(0, 1), write(0, 'z'), send(0, 0), hear(0, 1), ...exchange(0)],
    doubts: ['b of a'],
    holds: { 1: ['1 a', '2 a', '3 a'] },
  },
  {
    name: 'D6: a hole that is filled at the sender is told on streams that are open',
    size: 3,
    steps: [
      write(0, 'x', 'big'),
      write(0, 'y'),
      run(1, 'small'),
      run(2, 'small'),
      connect(0, 1),
      ...exchange(0),
      cut(0),
      connect(0, 2),
      ...exchange(0),
      cut(0),
      connect(1, 2),
      ...exchange(0),
      run(1, 'new'),
      run(2, 'new'),
      connect(0, 1),
      ...exchange(1),
      ...exchange(0),
    ],
    doubts: [],
    holds: { 1: ['1 a', '2 a'], 2: ['1 a', '2 a'] },
  },
]
