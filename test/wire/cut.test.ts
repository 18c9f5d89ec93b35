import * as t from 'io-ts'
import { expect, test } from 'vitest'
import { Model, scuttlebutt, Session, WireMessage, type ReplicaOf } from '../../src/index.js'

const type = Model.of(t.string)
const sb = scuttlebutt(type)
const encode = WireMessage.encode(type)
const decode = WireMessage.decode(type)({})

type Replica = ReplicaOf<typeof sb>

/** A replica of so many short updates, written by so many sources in turn. */
const filled = (updates: number, sources: number): Replica =>
  sb.applyUpdates(
    Array.from({ length: updates }, (_, i) => {
      const source = `source ${String(i % sources)}`
      return [['key' + String(i), 'abcde'], 1_795_418_741_399 + i, source] as const
    }),
  )(sb.create('ann'))

/**
 * Two replicas talk by a session until both are silent, or until `from` has sent `most` lines.
 * Gives the other replica afterwards, and the bytes of all lines.
 */
const talk = (from: Replica, to: Replica, most = Infinity): readonly [Replica, number] => {
  let [left, right] = [Session.open<Model.Change<string>>(), Session.open<Model.Change<string>>()]
  let answers: ReadonlyArray<string> = []
  let [lines, bytes] = [0, 0]
  for (;;) {
    const told = Session.step(type)(answers.map(decode))(left, from)
    left = told.session
    const sent = told.send.map(encode).slice(0, most - lines)
    const heard = Session.step(type)(sent.map(decode))(right, to)
    ;[right, to] = [heard.session, heard.replica]
    lines += sent.length
    answers = lines < most ? heard.send.map(encode) : []
    for (const line of [...sent, ...answers]) bytes += Buffer.byteLength(line)
    if (lines >= most || (sent.length === 0 && answers.length === 0)) return [to, bytes]
  }
}

test.each([
  [1000, 1],
  [10_000, 1],
  [10_000, 20],
  [10_000, 100],
])('A transfer of %d updates of %d sources that is cut anywhere costs at most 5 % more bytes', (updates, sources) => {
  const ann = filled(updates, sources)
  const [whole, bytes] = talk(ann, sb.create('ben'))
  expect(whole.log).toEqual(ann.log)
  for (const part of [0.01, 0.1, 0.5, 0.9, 0.99]) {
    const [cut, before] = talk(ann, sb.create('ben'), Math.floor(updates * part))
    expect(cut.log.size).toBeLessThan(updates)
    const [again, after] = talk(ann, cut)
    expect(again.log.size).toBe(updates)
    expect(again.clock).toEqual(ann.clock)
    expect((before + after) / bytes).toBeLessThan(1.05)
  }
})
