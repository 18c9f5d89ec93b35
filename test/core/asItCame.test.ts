/**
 * What a codec makes of a change is for the state alone. What came is what others are told, so that
 * a program whose codec drops members, or fills them in, rewrites nobody's updates.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openFile } from '../../src/adapters/file.js'
import { schema } from '../../src/adapters/schema.js'
import { createStore } from '../../src/adapters/store.js'
import { createStream } from '../../src/adapters/stream.js'
import { Model, scuttlebutt, unwrap, type Replica, type Scuttlebutt } from '../../src/index.js'
import { inMemory } from '../runs.js'

interface Card {
  readonly title: string
  readonly done?: boolean | undefined
}

const program = (card: z.ZodType<Card, Card>) => scuttlebutt(Model.of(schema(card)))
const drops = program(z.object({ title: z.string() }))
const reads = program(z.object({ title: z.string(), done: z.boolean().optional() }))
const fills = program(z.object({ title: z.string().trim(), done: z.boolean().default(false) }))

type Program = Scuttlebutt<Model.State<Card>, Model.Change<Card>>
type Held = Replica<Model.State<Card>, Model.Change<Card>>
type Side = readonly [Program, Held]

/** Both, after they have talked as over a wire until one has nothing to say. */
const talked = (one: Side, other: Side): readonly [Held, Held] => {
  const sides = [one, other]
  let message = one[0].encodeMessage(one[0].open(one[1]))
  for (let to = 1; ; to = 1 - to) {
    const [program, replica] = sides[to]!
    const heard = unwrap(program.decodeMessage()(JSON.parse(JSON.stringify(message))))
    const [next, answer] = program.reconcile(heard)(replica)
    sides[to] = [program, next]
    if (answer._tag === 'None') return [sides[0]![1], sides[1]![1]]
    message = program.encodeMessage(answer.value)
  }
}

const CARD: Card = { title: ' T ', done: true }

const written = (id = 'ann'): Held => unwrap(reads.change(Model.set('x', CARD), 1000)(reads.create(id)))[1]

describe.each([
  ['drops members', drops, { title: ' T ' }],
  ['fills in and trims', fills, { title: 'T', done: true }],
] as const)('A relay whose codec %s', (_, relaying, shown) => {
  test('shows what it makes of an update, and passes on what came', () => {
    const ann = written()
    const [, relay] = talked([reads, ann], [relaying, relaying.create('relay')])
    expect(Model.toJSON(relay.state)).toEqual({ x: shown })
    const [, cy] = talked([relaying, relay], [reads, reads.create('cy')])
    expect(Model.toJSON(cy.state)).toEqual({ x: CARD })
    expect(reads.history()(cy)).toEqual(reads.history()(ann))
    expect(relaying.history()(relay).map(relaying.encode)).toEqual(reads.history()(ann).map(reads.encode))
  })

  test('passes it on by streams', async () => {
    const [from, over, to] = [createStore(reads, 'ann'), createStore(relaying, 'relay'), createStore(reads, 'cy')]
    unwrap(from.change(Model.set('x', CARD)))
    for (const [one, other] of [
      [createStream(from, { tail: false }), createStream(over, { tail: false })],
      [createStream(over, { tail: false }), createStream(to, { tail: false })],
    ] as const) {
      await new Promise((resolve) => one.pipe(other).pipe(one).once('close', resolve))
    }
    expect(Model.toJSON(to.getReplica().state)).toEqual({ x: CARD })
  })

  test('keeps it in a file, for a program that reads it', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'as-it-came-'))
    try {
      const file = path.join(folder, 'relay')
      const kept = unwrap(await openFile(file, relaying, 'relay')())
      const [, relay] = talked([reads, written()], [relaying, kept.getReplica()])
      const message = relaying.decodeMessage()(relaying.encodeMessage(relaying.push(kept.getReplica())(relay)))
      kept.reconcile(unwrap(message))
      unwrap(await kept.close())
      const after = unwrap(await openFile(file, reads, 'relay')())
      expect(Model.toJSON(after.getReplica().state)).toEqual({ x: CARD })
      unwrap(await after.close())
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

test('However three programs talk, all that read alike show the same, and every log has what was written', () => {
  const programs = [drops, reads, fills, reads] as const
  const write = fc.record({ who: fc.nat(3), title: fc.constantFrom('a', ' b '), done: fc.boolean() })
  const talk = fc.record({ one: fc.nat(3), other: fc.nat(3) })
  fc.assert(
    fc.property(fc.array(fc.oneof(write, talk), { maxLength: 20 }), (steps) => {
      const replicas: Held[] = programs.map((one, i) => one.create(`r${String(i)}`))
      const meet = (i: number, j: number): void => {
        if (i !== j) [replicas[i], replicas[j]] = talked([programs[i]!, replicas[i]!], [programs[j]!, replicas[j]!])
      }
      for (const [now, step] of steps.entries()) {
        if ('one' in step) meet(step.one, step.other)
        else {
          const { who, title, done } = step
          const command = Model.set('x', who === 0 ? { title } : { title, done })
          replicas[who] = unwrap(programs[who]!.change(command, now + 1)(replicas[who]!))[1]
        }
      }
      for (const round of [0, 1]) for (let i = 0; i < 3; i++) meet(round === 0 ? i : 2 - i, round === 0 ? i + 1 : 3 - i)
      const logs = replicas.map((replica, i) => programs[i]!.history()(replica).map(programs[i]!.encode))
      for (const log of logs) expect(log).toEqual(logs[0])
      expect(Model.toJSON(replicas[1]!.state)).toEqual(Model.toJSON(replicas[3]!.state))
    }),
    { numRuns: inMemory(200) },
  )
})

test('A codec with one value for two contents keeps both as they came', () => {
  const NONE = Object.freeze({ none: true })
  const change = new t.Type<typeof NONE, unknown, unknown>(
    'none',
    (u): u is typeof NONE => u === NONE,
    () => t.success(NONE),
    () => ({ none: true }),
  )
  const { applyUpdates, create, decode, encode, history } = scuttlebutt({
    name: 'Nothing',
    change,
    empty: null,
    apply: () => (state: null) => ({ state, superseded: [] }),
  })
  const lines = [[{ none: true, a: 1 }, 1, 'x'] as const, [{ none: true, b: 2 }, 2, 'x'] as const]
  const heard = lines.map((line) => unwrap(decode()(line)))
  expect(history()(applyUpdates(heard)(create('y'))).map(encode)).toEqual(lines)
})
