/** A bucket's part as a store of its own. */
import type { either as E } from 'fp-ts'
import type { Command, DataType, Maker } from '../../core/DataType.js'
import { right } from '../../core/Either.js'
import type { Replica } from '../../core/Replica.js'
import type { Update } from '../../core/Update.js'
import { at, type Parts } from '../../data/Scuttlebucket.js'
import { scuttlebutt, type Scuttlebutt } from '../../scuttlebutt.js'
import { asReturned } from './returned.js'
import type { LocalStore, Store } from './Store.js'

/** What {@link part} needs of the store of a bucket. */
export type Whole<S, C> = Store<S, C> & Partial<Pick<LocalStore<S, C>, 'changeAll'>> & Present<S, C>

/** The newest version, of a store that may show the past: see `scuttlebutt-ts/redux`. */
export interface Present<S, C> {
  readonly present?: Pick<Store<S, C>, 'getReplica' | 'subscribe'>
}

/** What {@link part} gives: it writes and tells, and has nothing to talk to peers with. */
export type PartStore<S, C> = Store<S, C> & Pick<LocalStore<S, C>, 'changeAll'> & Present<S, C>

interface Holding {
  readonly states: Readonly<Record<string, unknown>>
}

type Named = readonly [name: string, change: unknown]

/** The change of the part `Name`. */
type ChangeIn<C, Name extends string> = Extract<C, readonly [Name, unknown]>[1]

/**
 * The part of a bucket with this name, as a store. Its listeners are called when the part changes,
 * or when an update to it came that changes nothing. Its replica is one object as long as the part
 * stays as it is; it holds the part's state, and no log: the store of the bucket is what syncs and
 * is saved. `changeAll` needs that of the bucket's store. Throws a `TypeError` for an unknown
 * part. O(1); a write costs as one to the bucket.
 *
 * @example
 * import * as t from 'io-ts'
 * const bucket = Scuttlebucket.of({ settings: Model.of(t.number), notes: REdit })
 * const store = createStore(scuttlebutt(bucket), 'alice')
 * const settings = part(store, 'settings')
 * settings.change(Model.set('zoom', 2))
 * Model.toJSON(settings.getReplica().state) // => { zoom: 2 }
 * Scuttlebucket.toJSON(store.getReplica().state) // => { settings: { zoom: 2 }, notes: '' }
 */
export const part = <S extends Holding, C extends Named, const Name extends keyof S['states'] & string>(
  store: Whole<S, C>,
  name: Name,
): PartStore<S['states'][Name], ChangeIn<C, Name>> =>
  partOf(store as unknown as Whole<Holding, Named>, name) as unknown as PartStore<S['states'][Name], ChangeIn<C, Name>>

const partOf = (store: Whole<Holding, Named>, name: string): PartStore<unknown, unknown> => {
  const { parts } = store.scuttlebutt.dataType as DataType<Holding, Named> & { readonly parts: Parts }
  if (!(parts as Parts | undefined)) throw new TypeError('`part` takes the store of a bucket')
  if (!Object.hasOwn(parts, name)) throw new TypeError(`the bucket has no part "${name}"`)
  const own = scuttlebutt<unknown, unknown>(parts[name]!)
  const wrapped = at(name) as <Err>(command: Command<unknown, unknown, Err>) => Maker<Holding, Named, Err>
  const updatesOf = (updates: ReadonlyArray<Update<Named>>): ReadonlyArray<Update<unknown>> =>
    updates.filter(([[of]]) => of === name).map(unwrapped)
  const replicaOf = replicas(own, name)
  const seen = (
    of: Pick<typeof store, 'getReplica' | 'subscribe'>,
  ): Required<PartStore<unknown, unknown>>['present'] => ({
    getReplica: () => replicaOf(of.getReplica()),
    subscribe: (listener, options) =>
      of.subscribe((updates, replica, before) => {
        const taken = updatesOf(updates)
        if (taken.length === 0 && replica.state.states[name] === before.state.states[name]) return
        listener(taken, replicaOf(replica), replicaOf(before))
      }, options),
  })
  return {
    scuttlebutt: own,
    ...seen(store),
    ...(store.present && { present: seen(store.present) }),
    change: (command) => mapped(store.change(wrapped(command)), unwrapped),
    changeAll: (commands) => {
      if (store.changeAll === undefined) throw new TypeError('the store of the bucket has no `changeAll`')
      return mapped(store.changeAll([...commands].map((command) => wrapped(command))), updatesOf)
    },
    apply: (updates) => {
      store.apply(updates.map(([change, ...rest]) => [[name, change], ...rest]))
    },
  }
}

/** The part's replica in a replica of the bucket: one object for one state. */
const replicas = (own: Scuttlebutt<unknown, unknown>, name: string) => {
  const known = new WeakMap<object, Replica<unknown, unknown>>()
  return ({ id, state: { states } }: Replica<Holding, Named>): Replica<unknown, unknown> => {
    const state = states[name]
    // of states that are no objects the last is known
    const key = typeof state === 'object' && state !== null ? state : own
    const held = known.get(key)
    if (held?.id === id && held.state === state) return held
    const made = { ...own.create(id), state }
    known.set(key, made)
    return made
  }
}

const unwrapped = (update: Update<Named>): Update<unknown> => {
  const [[, change], ...rest] = update
  return asReturned(update, [change, ...rest])
}

const mapped = <Err, A, B>(made: E.Either<Err, A>, f: (a: A) => B): E.Either<Err, B> =>
  made._tag === 'Left' ? made : right(f(made.right))
