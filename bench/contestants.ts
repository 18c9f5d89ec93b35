/** The work that bench/model.ts times, by ours and by the original. Each checks its own result. */
import { createRequire } from 'node:module'
import type { Duplex } from 'node:stream'
import * as t from 'io-ts'
import { Model, scuttlebutt, type Replica, type Update } from 'scuttlebutt-ts'

type Set = readonly [key: string, value: number]

/** Does the work on n keys and gives how long it took, in ms. */
export type Work = (n: number) => Promise<number> | number

export interface Contestant {
  readonly applyUpdate: Work
  readonly batch: Work
  readonly change: Work
  readonly reconcile: Work
}

const NOW = 1_795_418_741_399

const remote = (n: number): ReadonlyArray<Update<Set>> =>
  Array.from({ length: n }, (_, i) => [[`key${String(i)}`, i], NOW + i, 'remote'])

const timed = (work: () => void): number => {
  const start = performance.now()
  work()
  return performance.now() - start
}

const check = (actual: number, expected: number): void => {
  if (actual !== expected) throw new Error(`${String(actual)} keys, not ${String(expected)}`)
}

/** Each side gets five keys of its own. */
const APART = 5

const { create, change, applyUpdate, applyUpdates, digest, reconcile } = scuttlebutt(Model.of(t.number))

type Ours = Replica<Model.State<number>, Model.Change<number>>

const write = (key: string, value: number, now: number, replica: Ours): Ours => {
  const changed = change(Model.set(key, value), now)(replica)
  if (changed._tag === 'Left') throw new Error(changed.left._tag)
  return changed.right[1]
}

const overTheWire = <A>(value: A): A => JSON.parse(JSON.stringify(value)) as A

export const ours: Contestant = {
  applyUpdate: (n) => {
    const updates = remote(n)
    let replica: Ours = create('local')
    const ms = timed(() => {
      for (const update of updates) replica = applyUpdate(update)(replica)
    })
    check(Model.size(replica.state), n)
    return ms
  },
  batch: (n) => {
    const updates = remote(n)
    let replica: Ours = create('local')
    const ms = timed(() => {
      replica = applyUpdates(updates)(replica)
    })
    check(Model.size(replica.state), n)
    return ms
  },
  change: (n) => {
    let replica: Ours = create('local')
    const ms = timed(() => {
      for (let i = 0; i < n; i++) replica = write(`key${String(i)}`, i, NOW, replica)
    })
    check(Model.size(replica.state), n)
    return ms
  },
  reconcile: (n) => {
    const common = remote(n)
    const replicas = ['a', 'b'].map((id) => {
      let replica: Ours = applyUpdates(common)(create(id))
      for (let i = 0; i < APART; i++) replica = write(`${id}${String(i)}`, i, NOW, replica)
      return replica
    })
    const ms = timed(() => {
      let message = { digest: digest(replicas[0]!), updates: [] as ReadonlyArray<Update<Model.Change<number>>> }
      for (let to = 1; ; to = 1 - to) {
        const [next, answer] = reconcile(overTheWire(message))(replicas[to]!)
        replicas[to] = next
        if (answer._tag === 'None') break
        message = answer.value
      }
    })
    for (const { state } of replicas) check(Model.size(state), n + 2 * APART)
    return ms
  },
}

interface Original {
  _update: (update: Update<Set>) => boolean
  set: (key: string, value: number) => void
  keys: () => ReadonlyArray<string>
  createStream: () => Duplex
}

const OriginalModel = createRequire(import.meta.url)('scuttlebutt/model') as new (id: string) => Original

const loaded = (id: string, updates: ReadonlyArray<Update<Set>>): Original => {
  const model = new OriginalModel(id)
  for (const update of updates) model._update(update)
  return model
}

const one: Work = (n) => {
  const updates = remote(n)
  const model = new OriginalModel('local')
  const ms = timed(() => {
    for (const update of updates) model._update(update)
  })
  check(model.keys().length, n)
  return ms
}

export const original: Contestant = {
  applyUpdate: one,
  batch: one,
  change: (n) => {
    const model = new OriginalModel('local')
    const ms = timed(() => {
      for (let i = 0; i < n; i++) model.set(`key${String(i)}`, i)
    })
    check(model.keys().length, n)
    return ms
  },
  reconcile: async (n) => {
    const common = remote(n)
    const [a, b] = ['a', 'b'].map((id) => {
      const model = loaded(id, common)
      for (let i = 0; i < APART; i++) model.set(`${id}${String(i)}`, i)
      return model
    }) as [Original, Original]
    const start = performance.now()
    const [left, right] = [a.createStream(), b.createStream()]
    const synced = Promise.all([left, right].map((stream) => new Promise((resolve) => stream.once('sync', resolve))))
    left.pipe(right).pipe(left)
    for (const stream of [left, right]) stream.resume()
    await synced
    const ms = performance.now() - start
    for (const model of [a, b]) check(model.keys().length, n + 2 * APART)
    return ms
  },
}
