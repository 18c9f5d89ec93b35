import fc from 'fast-check'
import * as t from 'io-ts'
import { expect, test } from 'vitest'
import { Model, scuttlebutt, Session, WireMessage, type ReplicaOf } from '../../src/index.js'
import { right } from '../right.js'
import { inMemory } from '../runs.js'

const type = Model.of(t.number)
const sb = scuttlebutt(type)
const encode = WireMessage.encode(type)
const decode = WireMessage.decode(type)({})

type Replica = ReplicaOf<typeof sb>

/** What a source wrote: its replica after each update. */
const versionsOf = (source: string): ReadonlyArray<Replica> => {
  const versions = [sb.create(source)]
  for (let i = 1; i < 8; i++)
    versions.push(right(sb.change(Model.set(`${source} ${String(i)}`, i), 1000 * i)(versions[i - 1]!))[1])
  return versions
}

const others = [versionsOf('x'), versionsOf('y')]

/** The sender writes, or hears one later update of another: then it doubts what is before that. */
const step = fc.oneof(
  fc.record({ source: fc.nat(1), at: fc.integer({ min: 1, max: 7 }) }),
  fc.constant('write' as const),
)

const hears =
  (step: 'write' | { readonly source: number; readonly at: number }, now: number) =>
  (replica: Replica): Replica => {
    if (step === 'write') return right(sb.change(Model.set('own', now), now)(replica))[1]
    const versions = others[step.source]!
    return sb.reconcile(sb.push(versions[step.at - 1]!)(versions[step.at]!))(replica)[0]
  }

/** All lines that a session sends, a batch for each step. */
const linesOf = (
  steps: ReadonlyArray<typeof step extends fc.Arbitrary<infer A> ? A : never>,
): ReadonlyArray<string> => {
  let replica = sb.create('carl')
  const header = [decode('{"id":"zoe","clock":{}}')]
  let { session, send } = Session.step(type)(header)(Session.open(), replica)
  const lines = send.map(encode)
  steps.forEach((each, i) => {
    replica = hears(each, 10_000 + i)(replica)
    ;({ session, send } = Session.send<Model.Change<number>>(Infinity)(session, replica))
    lines.push(...send.map(encode))
  })
  return lines
}

const hear = (chunks: ReadonlyArray<ReadonlyArray<string>>): Replica => {
  let [session, replica] = [Session.open<Model.Change<number>>(), sb.create('zoe')]
  for (const chunk of chunks) ({ session, replica } = Session.step(type)(chunk.map(decode))(session, replica))
  return replica
}

test('W1: However lines come together, who hears them is as sure as if they came one by one, and never surer than the sender', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 9 })), (steps, sizes) => {
      const lines = linesOf(steps)
      const chunks: string[][] = []
      for (let at = 0, i = 0; at < lines.length; i++) {
        const size = sizes[i] ?? Infinity
        chunks.push(lines.slice(at, at + size))
        at += size
      }
      const [one, together] = [hear(lines.map((line) => [line])), hear(chunks)]
      expect(sb.digest(together)).toEqual(sb.digest(one))
      expect(sb.history()(together)).toEqual(sb.history()(one))
      const sent = steps.reduce((replica, each, i) => hears(each, 10_000 + i)(replica), sb.create('carl'))
      for (const [source, sure] of Object.entries(sb.digest(together).clock)) {
        expect(sure).toBeLessThanOrEqual(sb.digest(sent).clock[source] ?? 0)
      }
    }),
    {
      numRuns: inMemory(),
      examples: [
        [
          [{ source: 0, at: 2 }, 'write'],
          [2, 9],
        ],
      ],
    },
  )
})
