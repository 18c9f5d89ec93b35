/** Replicas of ours and of the original behind one interface, so that a test can mix them. */
import type { Duplex } from 'node:stream'
import { option as O } from 'fp-ts'
import * as t from 'io-ts'
import { sorted } from '../../src/core/Log.js'
import { createStore } from '../../src/adapters/store.js'
import { createStream, type StreamOptions } from '../../src/adapters/stream.js'
import {
  Doc,
  Events,
  ExpiryModel,
  Model,
  RArray,
  REdit,
  Scuttlebucket,
  scuttlebutt,
  type Command,
  type DataType,
  type Update,
} from '../../src/index.js'
import { right } from '../right.js'
import { NoKeyBetween, type Family, type Original, type OriginalOptions } from './original.js'

export interface Peer {
  readonly id: string
  /** Whether its writes before the peer's header arrive at the peer. In 5.5.20 they do not. */
  readonly isEarly: boolean
  readonly write: (key: string, value: unknown) => void
  /** Its state, comparable across kinds. */
  readonly read: () => unknown
  /** The updates that it holds. */
  readonly history: () => ReadonlyArray<Update<unknown>>
  /** Of ours: whether its state would be another with these updates. */
  readonly lacks?: (updates: ReadonlyArray<Update<unknown>>) => boolean
  readonly stream: (options?: StreamOptions & OriginalOptions) => Duplex
  readonly readStream: (options?: StreamOptions & OriginalOptions) => Duplex
  readonly writeStream: (options?: StreamOptions & OriginalOptions) => Duplex
}

export interface Kind {
  readonly name: string
  readonly ours: (id: string, now?: () => number) => Peer
  readonly theirs: (id: string) => Peer
  /** Whether the original relays updates in order. */
  readonly isRelayed?: false
  /** What can be written, or done, to a key. The first three make the key visible. */
  readonly values: ReadonlyArray<unknown>
}

/**
 * Timestamps that no other peer makes, a little behind the original's. On a tie the original lets
 * the later arrival win. It never sends a write of its own that is behind what it has seen.
 * parting.test.ts is about both.
 */
const besideTheirs = (id: string) => (): number => Date.now() - 0.497 + (id.charCodeAt(0) % 8) / 64

/** A peer of ours. A command that refuses, for want of an item, does nothing. */
const ours =
  <S, C>(
    dataType: DataType<S, C>,
    command: (key: string, value: never, state: S) => Command<S, C, unknown>,
    read: (state: S) => unknown,
  ) =>
  (id: string, now: () => number = besideTheirs(id)): Peer => {
    const sb = scuttlebutt(dataType)
    const { applyUpdates, create, decode, history } = sb
    const store = createStore(sb, id, { now })
    return {
      id,
      isEarly: true,
      write: (key, value) => {
        const made = command(key, value as never, store.getReplica().state)
        const changed = store.change(made)
        if (changed._tag === 'Left' && typeof made !== 'function') throw new Error(JSON.stringify(changed.left))
      },
      read: () => read(store.getReplica().state),
      history: () => history()(store.getReplica()),
      lacks: (updates) => {
        const replica = store.getReplica()
        const theirs = updates.map((update) => right(decode()(update)))
        const all = sorted([...theirs, ...history()(replica)])
        // the same updates in order, without a session in between
        return JSON.stringify(read(applyUpdates(all)(create(id)).state)) !== JSON.stringify(read(replica.state))
      },
      stream: (options) => createStream(store, options),
      readStream: (options) => createStream(store, { ...options, writable: false }),
      writeStream: (options) => createStream(store, { ...options, readable: false }),
    }
  }

/** A peer of the original family. */
const theirs = (
  { version }: Family,
  original: Original,
  write: (key: string, value: never) => void,
  read: () => unknown,
): Peer => ({
  id: original.id,
  isEarly: version !== '5.5.20',
  write: (key, value) => {
    try {
      write(key, value as never)
    } catch (error) {
      // the original cannot write there
      if (!(error instanceof NoKeyBetween)) throw error
    }
  },
  read,
  history: () => original.history(),
  stream: (options) => original.createStream(options),
  readStream: (options) => original.createReadStream(options),
  writeStream: (options) => original.createWriteStream(options),
})

const VALUES = [1, 'é\n"😀', { n: [1, null] }, null, false]

const eventsOf = (state: Events.State<unknown>): unknown =>
  Events.events()(state).map((event) => [...(event as readonly unknown[])])

const model = (family: Family): Kind => ({
  name: 'Model',
  values: VALUES,
  ours: ours(Model.of(t.unknown), (key, value: unknown) => Model.set(key, value), Model.toJSON),
  theirs: (id) => {
    const original = family.model(id)
    return theirs(
      family,
      original,
      (key, value: unknown) => original.set(key, value),
      () => original.toJSON(),
    )
  },
})

const events = (family: Family): Kind => ({
  name: 'Events',
  values: VALUES,
  ours: ours(Events.of(t.unknown), (key, value: unknown) => Events.emit(key, value), eventsOf),
  theirs: (id) => {
    const original = family.events(id)
    return theirs(
      family,
      original,
      (key, value: unknown) => original.emit(key, value),
      () => original.history(),
    )
  },
})

type Verb = 'push' | 'unshift' | 'insert' | 'set' | 'pop'

const VERBS: ReadonlyArray<Verb> = ['push', 'unshift', 'insert', 'set', 'pop']

const commandTo = (key: string, verb: Verb, length: number) => {
  switch (verb) {
    case 'push':
      return RArray.push<unknown>(key)
    case 'unshift':
      return RArray.unshift<unknown>(key)
    case 'insert':
      return RArray.insert<unknown>(length >> 1, key, key)
    case 'set':
      return RArray.set<unknown>(0, key)
    case 'pop':
      return RArray.pop()
  }
}

const rarray = (family: Family): Kind => ({
  name: 'RArray',
  values: VERBS,
  ours: ours(
    RArray.of(t.unknown),
    (key, verb: Verb, state) => commandTo(key, verb, RArray.length(state)),
    RArray.toArray,
  ),
  theirs: (id) => {
    const original = family.rarray(id)
    const write = (key: string, verb: Verb): void => {
      const { keys } = original
      if (keys.some((one, i) => i > 0 && keys[i - 1]! >= one)) throw new Error(`keys out of order: ${keys.join()}`)
      if (verb === 'push') original.push(key)
      else if (verb === 'unshift') original.unshift(key)
      else if (verb === 'insert') original.splice(keys.length >> 1, 0, key, key)
      else if (keys.length === 0) return
      else if (verb === 'set') original.set(keys[0]!, key)
      else original.pop()
    }
    return theirs(family, original, write, () => original.toJSON())
  },
})

/** The text with a line added, removed or replaced. */
const edited = (text: string, key: string, verb: Verb): string => {
  const lines = text.split(/(?<=\n)/).filter((line) => line !== '')
  const middle = lines.length >> 1
  switch (verb) {
    case 'push':
      return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${key}\n`
    case 'unshift':
      return `${key}\n${text}`
    case 'insert':
      return [...lines.slice(0, middle), `${key}\n`, `${key}\r\n`, ...lines.slice(middle)].join('')
    case 'set':
      return [`${key}\n`, ...lines.slice(1)].join('')
    case 'pop':
      return lines.slice(0, -1).join('')
  }
}

const redit = (family: Family): Kind => ({
  name: 'REdit',
  values: VERBS,
  ours: ours(
    REdit,
    (key, verb: Verb, state) => REdit.text(edited(REdit.toString(state), key, verb)),
    (state) => REdit.toString(state).split(/\r?\n/),
  ),
  theirs: (id) => {
    const original = family.redit(id)
    const write = (key: string, verb: Verb): void => {
      original.text(edited(original.text(), key, verb))
    }
    return theirs(family, original, write, () => original.text().split(/\r?\n/))
  },
})

type Fields = Readonly<Record<string, unknown>>

const ROW_VALUES = [{ n: 1 }, 'push', 'unshift', { n: 'é', m: null }, 'before']

const todo = Doc.seq('list', 'todo')

const doc = (family: Family): Kind => ({
  name: 'Doc',
  values: ROW_VALUES,
  ours: ours(
    Doc.of(t.unknown),
    (key, value: string | Fields, state) => {
      if (typeof value !== 'string') return Doc.set(key, value)
      const what = Doc.has(key)(state) ? key : { id: key }
      const first = todo.first(state)
      if (value === 'push') return todo.push(what)
      if (value === 'unshift') return todo.unshift(what)
      return O.isSome(first) ? todo.before(what, first.value.id) : Doc.set(key, { n: 2 })
    },
    (state) => [rowsOf(Doc.toJSON(state)), todo.rows(state).map(({ id }) => id)],
  ),
  theirs: (id) => {
    const original = family.doc(id)
    const seq = original.createSeq('list', 'todo')
    const write = (key: string, value: string | Fields): void => {
      const first = seq.first()
      const what = key in original.rows ? key : { id: key }
      if (typeof value !== 'string') original.set(key, value)
      else if (value === 'push') seq.push(what)
      else if (value === 'unshift') seq.unshift(what)
      else if (first === undefined) original.set(key, { n: 2 })
      else seq.before(what, first)
    }
    const read = () => [rowsOf(original.toJSON()), seq.toJSON().map(({ id: row }) => row)]
    return theirs(family, original, write, read)
  },
})

/** A row of the original always has its id. One of ours has it only if it was written. */
const rowsOf = (rows: Readonly<Record<string, Fields>>): unknown =>
  Object.fromEntries(
    Object.entries(rows).map(([id, fields]) => [
      id,
      Object.fromEntries(Object.entries(fields).filter(([field]) => field !== 'id')),
    ]),
  )

const bucket = (family: Family): Kind => {
  const { at, get } = Scuttlebucket
  return {
    name: 'Scuttlebucket',
    values: VALUES,
    ours: ours(
      Scuttlebucket.of({
        model: Model.of(t.unknown),
        inner: Scuttlebucket.of({ events: Events.of(t.unknown), list: RArray.of(t.unknown) }),
      }),
      (key, value: unknown) => {
        if (value === VALUES[3]) return at('inner')(at('list')(RArray.push<unknown>(key)))
        if (value === VALUES[4]) return at('inner')(at('events')(Events.emit(key, value)))
        return at('model')(Model.set(key, value))
      },
      ({ states: { model, inner } }) => [
        Model.toJSON(model),
        eventsOf(get('events')(inner)),
        RArray.toArray(get('list')(inner)),
      ],
    ),
    theirs: (id) => {
      const original = family.bucket(id)
      const [map, log, list] = [family.model(id), family.events(id), family.rarray(id)] as const
      const inner = family.bucket(id).add('events', log).add('list', list)
      original.add('model', map).add('inner', inner)
      const write = (key: string, value: unknown): void => {
        if (value === VALUES[3]) list.push(key)
        else if (value === VALUES[4]) log.emit(key, value)
        else map.set(key, value)
      }
      return theirs(family, original, write, () => [map.toJSON(), log.history(), list.toJSON()])
    },
  }
}

/**
 * Gives every write a key of its own. If a key is written again, the original merges under the
 * timestamp of the last arrival and drops its source from the clock, so old updates come back and
 * newer ones are never sent. Its history has no total order among several sources, so its relays
 * lose updates. See parting.test.ts.
 */
const expiryModel = (family: Family): Kind => ({
  name: 'ExpiryModel',
  isRelayed: false,
  values: VALUES,
  ours: (id, now) => {
    let writes = 0
    return ours(
      ExpiryModel.of(t.unknown),
      (key, value: unknown) => ExpiryModel.set(`${id} ${String(writes++)}`, { [key]: value }),
      ExpiryModel.toJSON(0),
    )(id, now)
  },
  theirs: (id) => {
    let writes = 0
    const original = family.expiryModel(id)
    const write = (key: string, value: unknown): void => {
      original.set(`${id} ${String(writes++)}`, { [key]: value })
    }
    return theirs(family, original, write, () => original.toJSON())
  },
})

export const kindsOf = (family: Family): ReadonlyArray<Kind> =>
  [model, events, rarray, redit, doc, bucket, expiryModel].map((kind) => kind(family))
