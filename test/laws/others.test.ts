/** Replicas of other libraries, and a handmade one, under the kit: ten lines each. */
import * as Automerge from '@automerge/automerge'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { checkReplicas } from '../../src/laws/index.js'
import { inMemory } from '../runs.js'

const RUNS = { yjs: inMemory(300, 3), automerge: inMemory(100, 3) }

const command = fc.tuple(fc.constantFrom('x', 'y'), fc.nat(3))

const expectRight = (checked: ReturnType<typeof checkReplicas>): void => {
  if (checked._tag === 'Left') throw new Error(checked.left.format())
  expect(checked.right.seen.sameKey).toBeGreaterThan(checked.right.runs / 20)
}

test('a Yjs document converges', () => {
  const checked = checkReplicas({
    name: 'Yjs',
    create: () => new Y.Doc(),
    command,
    local:
      ([key, value]) =>
      (doc: Y.Doc) =>
        void doc.getMap('m').set(key, value),
    send: (peer) => (doc) => Y.encodeStateAsUpdate(doc, Y.encodeStateVector(peer)),
    receive: (update: Uint8Array) => (doc) => {
      Y.applyUpdate(doc, update)
    },
    show: (doc) => doc.getMap('m').toJSON(),
    save: (doc) => Y.encodeStateAsUpdate(doc),
    load: (saved) => {
      const doc = new Y.Doc()
      Y.applyUpdate(doc, saved as Uint8Array)
      return doc
    },
    seed: 1,
    runs: RUNS.yjs,
  })
  expectRight(checked)
})

test('a Yjs text converges', () => {
  const checked = checkReplicas({
    name: 'Yjs text',
    create: () => new Y.Doc(),
    command: (doc: Y.Doc) => fc.tuple(fc.nat(doc.getText('t').length), fc.constantFrom('ab', 'c')),
    local:
      ([at, text]) =>
      (doc) => {
        doc.getText('t').insert(at, text)
      },
    send: (peer) => (doc) => Y.encodeStateAsUpdate(doc, Y.encodeStateVector(peer)),
    receive: (update: Uint8Array) => (doc) => {
      Y.applyUpdate(doc, update)
    },
    show: (doc) => doc.getText('t').toJSON(),
    seed: 1,
    runs: RUNS.yjs,
  })
  if (checked._tag === 'Left') throw new Error(checked.left.format())
})

test('an Automerge document converges', () => {
  const checked = checkReplicas({
    name: 'Automerge',
    create: () => Automerge.init<Record<string, number>>(),
    command,
    local:
      ([key, value]) =>
      (doc: Automerge.Doc<Record<string, number>>) =>
        Automerge.change(doc, (draft) => {
          draft[key] = value
        }),
    send: (peer) => (doc) => Automerge.getChanges(peer, doc),
    receive: (changes: ReadonlyArray<Automerge.Change>) => (doc) => Automerge.applyChanges(doc, [...changes])[0],
    show: (doc) => ({ ...doc }),
    seed: 1,
    runs: RUNS.automerge,
  })
  expectRight(checked)
})

describe('a handmade reducer', () => {
  interface State {
    readonly todos: ReadonlyArray<string>
  }
  interface Action {
    readonly type: 'add' | 'remove'
    readonly todo: string
  }

  const reducer = ({ todos }: State, { type, todo }: Action): State => ({
    todos: type === 'remove' ? todos.filter((one) => one !== todo) : [...todos.filter((one) => one !== todo), todo],
  })

  interface Client {
    readonly id: string
    readonly log: ReadonlyArray<{ readonly id: string; readonly action: Action }>
  }

  const clients = (order: (log: Client['log']) => Client['log']) =>
    checkReplicas({
      name: 'todos',
      create: (id): Client => ({ id, log: [] }),
      command: fc.record({
        type: fc.constantFrom<Action['type'][]>('add', 'remove'),
        todo: fc.constantFrom('milk', 'eggs'),
      }),
      local:
        (action) =>
        ({ id, log }: Client) => ({ id, log: [...log, { id: `${String(log.length)} ${id}`, action }] }),
      send: (peer) => (client) => client.log.filter(({ id }) => !peer.log.some((one) => one.id === id)),
      receive: (heard: Client['log']) => (client) => ({
        ...client,
        log: [...client.log, ...heard.filter(({ id }) => !client.log.some((one) => one.id === id))],
      }),
      show: ({ log }) => order(log).reduce<State>((state, { action }) => reducer(state, action), { todos: [] }),
      seed: 1,
    })

  test('diverges, if it takes actions in order of arrival', () => {
    const checked = clients((log) => log)
    if (checked._tag === 'Right') throw new Error('it converged')
    const { law, schedule, format } = checked.left
    expect(law).toMatchObject({ name: 'convergence', verdict: 'diverged' })
    expect(schedule.steps.length).toBeLessThanOrEqual(3)
    expect(format()).toContain('todos: diverged')
  })

  test('converges, if all replicas sort the actions alike', () => {
    const checked = clients((log) => [...log].sort((a, b) => (a.id < b.id ? -1 : 1)))
    if (checked._tag === 'Left') throw new Error(checked.left.format())
  })
})
