/** A line from a peer is parsed, frozen and validated; compared with JSON.parse alone. */
import { either as E } from 'fp-ts'
import * as t from 'io-ts'
import { Model, Rejection, WireMessage } from 'scuttlebutt-ts'
import { timed, verify, type Contestant, type Row } from '../harness.js'
import { entriesOf, NOW } from '../maps.js'
import { microseconds, oncePerSize } from '../works.js'

const dataType = Model.of(t.number)

const linesOf = oncePerSize((n) => entriesOf(n).map((entry, i) => JSON.stringify([entry, NOW + i, 'remote'])))

const taking = (read: (line: string) => unknown): Contestant => ({
  work: (n) => {
    const lines = linesOf(n)
    const taken = new Array<unknown>(n)
    const ms = timed(() => {
      for (let i = 0; i < n; i++) taken[i] = read(lines[i]!)
    })
    verify(JSON.stringify(taken.at(-1)) === lines.at(-1), 'the last update')
    return microseconds(ms, n)
  },
})

const decode = WireMessage.decode(dataType)({})

const tuple = t.tuple([t.tuple([t.string, t.number]), t.number, t.string])

const ours = (line: string): unknown => {
  const decoded = decode(line)
  if (decoded._tag === 'Left') throw new Error(Rejection.show(decoded.left))
  return decoded.right._tag === 'Update' && decoded.right.update
}

const byTuple = (line: string): unknown => {
  const decoded = tuple.decode(JSON.parse(line))
  return E.isRight(decoded) && decoded.right
}

export const row: Row = {
  id: 'edge',
  title: 'decode n lines from a peer, an update each: parse, freeze, validate',
  unit: 'µs an update',
  sizes: [1e3, 1e4, 1e5],
  quick: [1e5],
  contestants: {
    'scuttlebutt-ts': taking(ours),
    'JSON.parse alone': taking(JSON.parse),
    'JSON.parse, and a tuple of io-ts': taking(byTuple),
  },
  // all the rest together costs no more than parsing
  goals: [{ peer: 'JSON.parse alone', n: 1e5, atMost: 2 }],
}
