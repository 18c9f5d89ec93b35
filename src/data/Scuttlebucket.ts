/**
 * Several data types in one replica. They share its id, its clock and its streams.
 *
 * On the wire `[name, change]`: the name of the part, and the part's own change, as npm
 * `scuttlebucket`. A bucket is a data type, so buckets nest. An update for an unknown part is one
 * that this program cannot read: it is kept, passed on to peers that know the part, and read by a
 * later version of the program that has it.
 *
 * @example
 * import * as t from 'io-ts'
 * const parts = { chat: Events.of(t.string), settings: Model.of(t.number) }
 * const bucket = scuttlebutt(Scuttlebucket.of(parts))
 * const say = Scuttlebucket.at('chat')(Events.emit('said', 'hi'))
 * const [update, replica] = unwrap(bucket.change(say, 1000)(bucket.create('alice')))
 * update // => [['chat', ['said', 'hi']], 1000, 'alice']
 * Events.toJSON(Scuttlebucket.get('chat')(replica.state)) // => [['said', 'hi']]
 * Scuttlebucket.toJSON(replica.state) // => { chat: [['said', 'hi']], settings: {} }
 */
import type { either as E, eq } from 'fp-ts'
import * as t from 'io-ts'
import type { Applied, Command, DataType, Maker } from '../core/DataType.js'
import { ofStates, ofStatesInFull } from '../core/diff.js'
import { right } from '../core/Either.js'
import type { Patch } from '../core/Patch.js'
import type { ChangeOf, StateOf } from '../core/typesOf.js'
import type { Stamp, Update } from '../core/Update.js'
import type { Named } from './parts/kind.js'
import { stable } from './parts/stable.js'

/** The data types of a bucket, by name. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- DataType is invariant
export type Parts = Readonly<Record<string, DataType<any, any>>>

/** The name of a part, and a change of that part. */
export type Change<P extends Parts> = {
  readonly [Name in keyof P & string]: readonly [name: Name, change: ChangeOf<P[Name]>]
}[keyof P & string]

export interface State<P extends Parts> {
  /** The state of each part, by name. */
  readonly states: { readonly [Name in keyof P & string]: StateOf<P[Name]> }
}

/** The data type that {@link of} returns. */
export interface Type<P extends Parts> extends DataType<State<P>, Change<P>> {
  readonly parts: P
  readonly toJSON: (state: State<P>) => unknown
}

type Wrapped = readonly [name: string, change: unknown]

type States = Readonly<Record<string, unknown>>

/**
 * The parts of each state. The state itself holds no functions, so that a replica is plain data.
 */
const partsOf = new WeakMap<object, Parts>()

const stateOf = <P extends Parts>(parts: P, states: States): State<P> => {
  const state = { states } as State<P>
  partsOf.set(state, parts)
  return state
}

const mapped = <A>(parts: Parts, f: (part: Parts[string], name: string) => A): Readonly<Record<string, A>> =>
  Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, f(part, name)]))

/**
 * A bucket of parts. Its version is made of its own and of those of its parts. Apply: the cost of
 * the parts that have updates, and O(u + parts) for u updates.
 */
export const of = <P extends Parts>(parts: P, { version, formerly = [] }: Named = {}): Type<P> => {
  const joined = joinedVersion(parts, version)
  return {
    name: 'Scuttlebucket',
    ...(joined !== undefined && { version: joined }),
    formerly: [...formerly, ...formerNames(parts)],
    ...(Object.values(parts).every(({ anyOrder }) => anyOrder === true) && { anyOrder: true as const }),
    parts,
    change: changeOf(parts),
    final: (change) => isWrapped(change) && partNamed(parts, change[0])?.final?.(change[1]) === true,
    empty: stateOf(
      parts,
      mapped(parts, ({ empty }) => empty as unknown),
    ),
    complete: complete(parts),
    apply: apply(parts),
    own: own(parts),
    ...(Object.values(parts).some(({ prune }) => prune !== undefined) && { prune: prune(parts) }),
    toJSON: shown(parts),
    diff: differ(parts, ofStates),
    fullDiff: differ(parts, ofStatesInFull),
    patch: patch(parts),
  }
}

/** Of the bucket's own version and of those parts that have one; undefined if nobody has. */
const joinedVersion = (parts: Parts, own: string | undefined): string | undefined => {
  const versions = Object.keys(parts)
    .sort()
    .flatMap((name) => (parts[name]!.version === undefined ? [] : [[name, parts[name]!.version]]))
  return versions.length === 0 ? own : JSON.stringify([own ?? null, ...versions])
}

/** What 0.1 called the bucket: by the names that it gave the parts. */
const formerNames = (parts: Parts): ReadonlyArray<string> => {
  const name = (formerOf: (names: ReadonlyArray<string>) => string | undefined): string => {
    const names = Object.entries(parts).map(([part, type]) => `${part}: ${formerOf(type.formerly ?? []) ?? type.name}`)
    return `Scuttlebucket<${names.join(', ')}>`
  }
  return [...new Set([name((names) => names[0]), name((names) => names.at(-1))])]
}

const partNamed = (parts: Parts, name: string): Parts[string] | undefined =>
  Object.hasOwn(parts, name) ? parts[name] : undefined

const isWrapped = (u: unknown): u is Wrapped => Array.isArray(u) && u.length === 2 && typeof u[0] === 'string'

/** Refuses a change of an unknown part: an update that has one is kept unread. */
const changeOf = <P extends Parts>(parts: P): t.Type<Change<P>, unknown, unknown> =>
  new t.Type<Change<P>, unknown, unknown>(
    '[name, change]',
    (u): u is Change<P> => isWrapped(u) && partNamed(parts, u[0])?.change.is(u[1]) === true,
    (u, context) => {
      const codec = isWrapped(u) ? partNamed(parts, u[0])?.change : undefined
      if (!isWrapped(u) || codec === undefined) return t.failure(u, context)
      const [name, inner] = u
      const decoded = codec.validate(inner, t.appendContext(context, '1', codec, inner))
      if (decoded._tag === 'Left') return decoded
      return t.success((decoded.right === inner ? u : [name, decoded.right]) as Change<P>)
    },
    // a log that another version of the program saved may hold it as read
    (change) => {
      const [name, inner] = change
      const part = partNamed(parts, name)
      const json = part === undefined ? inner : part.change.encode(inner)
      return json === inner ? change : [name, json]
    },
  )

/**
 * The state of a part. One that an older program made may lack it: that program read no update of
 * the part.
 */
const stateIn = (parts: Parts, name: string, { states }: { readonly states: States }): unknown =>
  Object.hasOwn(states, name) ? states[name] : parts[name]!.empty

const complete =
  <P extends Parts>(parts: P) =>
  (state: State<P>): State<P> => {
    const states = mapped(parts, (part, name) => {
      const own = stateIn(parts, name, state)
      return (part.complete?.(own) ?? own) as unknown
    })
    return isSame(parts, state, states) ? state : stateOf(parts, { ...state.states, ...states })
  }

const isSame = (parts: Parts, { states }: { readonly states: States }, after: States): boolean =>
  Object.keys(parts).every((name) => Object.hasOwn(states, name) && after[name] === states[name])

const apply =
  <P extends Parts>(parts: P) =>
  (updates: ReadonlyArray<Update<Change<P>>>) =>
  (state: State<P>): Applied<State<P>, Change<P>> => {
    const updatesByPart = new Map<string, Update<unknown>[]>()
    for (const [[name, change], timestamp, source] of updates) {
      const update = Object.freeze([change, timestamp, source] as const)
      const batch = updatesByPart.get(name)
      if (batch === undefined) updatesByPart.set(name, [update])
      else batch.push(update)
    }
    const transition = (part: Parts[string], name: string) => {
      const batch = updatesByPart.get(name)
      return batch && part.apply(batch)
    }
    return within(parts, transition)(state)
  }

/** The part's own transition for an update that this replica has just made. */
const own =
  <P extends Parts>(parts: P) =>
  ([[name, change], timestamp, source]: Update<Change<P>>) => {
    const update = Object.freeze([change, timestamp, source] as const)
    return within(parts, (part, of) => (of === name ? (part.own?.(update) ?? part.apply([update])) : undefined))
  }

/** Runs the transition of each part that has one. */
const within =
  <P extends Parts>(
    parts: P,
    transition: (part: Parts[string], name: string) => ((state: unknown) => Applied<unknown, unknown>) | undefined,
  ) =>
  (state: State<P>): Applied<State<P>, Change<P>> => {
    const superseded: Update<Change<P>>[] = []
    const after = mapped(parts, (part, name) => {
      const before = stateIn(parts, name, state)
      const applied = transition(part, name)?.(before)
      for (const [change, timestamp, source] of applied?.superseded ?? []) {
        superseded.push([[name, change] as unknown as Change<P>, timestamp, source])
      }
      return applied === undefined ? before : applied.state
    })
    // what another version of the program made of parts that this one does not know stays
    return { state: isSame(parts, state, after) ? state : stateOf(parts, { ...state.states, ...after }), superseded }
  }

/** Never reports `lapsed`: there may be updates for parts that this program does not know. */
const prune =
  <P extends Parts>(parts: P) =>
  (now: number) =>
    within(parts, (part) => part.prune?.(now))

/**
 * Applies a command to the part with this name, or each of a list of commands that are functions,
 * as `RArray.pushAll` gives them. Costs and errors are those of the command.
 */
export const at =
  <const Name extends string>(name: Name): At<Name> =>
  (command: unknown) =>
    (isList(command) ? command.map(inPart(name)) : inPart(name)(command)) as never

// a change is JSON, so an array of functions is none
const isList = (command: unknown): command is readonly unknown[] =>
  Array.isArray(command) && command.every((one) => typeof one === 'function')

const inPart =
  (name: string) =>
  (command: unknown) =>
  (state: State<Parts>, stamp: Stamp): E.Either<unknown, Wrapped> => {
    const made: E.Either<unknown, unknown> =
      typeof command === 'function'
        ? (command as Maker<unknown, unknown, unknown>)((state.states as States)[name], stamp)
        : right(command)
    return made._tag === 'Left' ? made : right([name, made.right])
  }

/** Takes a command of the part's data type, in either form. */
export interface At<Name extends string> {
  <S, C, Err>(
    commands: ReadonlyArray<Maker<S, C, Err>>,
  ): ReadonlyArray<Maker<Holding<Name, S>, readonly [name: Name, change: C], Err>>
  <S, C, Err>(command: Maker<S, C, Err>): Maker<Holding<Name, S>, readonly [name: Name, change: C], Err>
  /** Without a maker there is nothing to infer the state and the error from. */
  <S = unknown, C = unknown, Err = never>(
    // eslint-disable-next-line @typescript-eslint/unified-signatures -- generic makers need theirs
    command: Command<S, C, Err>,
  ): Maker<Holding<Name, S>, readonly [name: Name, change: C], Err>
}

/** The state of a bucket that has a part with this name and state. */
export interface Holding<Name extends string, S> {
  readonly states: Readonly<Record<Name, S>>
}

/** The state of a part. O(1). */
export const get =
  <const Name extends string>(name: Name) =>
  <S>({ states }: Holding<Name, S>): S =>
    states[name]

/**
 * The JSON of each part by name, as a plain object. A part whose data type has no `toJSON` shows
 * its state. Costs as the parts.
 *
 * Throws a `TypeError` for a state that no bucket of this program made, for example a clone. The
 * `toJSON` of the data type shows a clone too.
 */
export const toJSON = <P extends Parts>(state: State<P>): Readonly<Record<string, unknown>> => {
  return shown(madeOf(state))(state as State<Parts>)
}

const madeOf = (state: object): Parts => {
  const parts = partsOf.get(state)
  if (parts !== undefined) return parts
  throw new TypeError('No bucket of this program made this state: use toJSON or diff of the data type')
}

const shown =
  <P extends Parts>(parts: P) =>
  (state: State<P>): Readonly<Record<string, unknown>> =>
    stable(state, 'toJSON', () =>
      mapped(parts, ({ toJSON: show }, name) => {
        const part = stateIn(parts, name, state)
        return show === undefined ? part : show(part)
      }),
    )

/**
 * The patches of each part, with its name before their paths. Costs as the parts. Throws as
 * {@link toJSON}.
 *
 * @example
 * import * as t from 'io-ts'
 * const bucket = scuttlebutt(Scuttlebucket.of({ settings: Model.of(t.number) }))
 * const zoom = Scuttlebucket.at('settings')(Model.set('zoom', 2))
 * const [, replica] = unwrap(bucket.change(zoom, 1000)(bucket.create('alice')))
 * bucket.diff(bucket.create('alice'))(replica) // => [{ at: ['settings', 'zoom'], after: 2 }]
 */
export const diff =
  <P extends Parts>(before: State<P>) =>
  (after: State<P>): ReadonlyArray<Patch> =>
    differ(madeOf(after), ofStates)(before as State<Parts>)(after as State<Parts>)

const differ =
  <P extends Parts>(parts: P, differIn: typeof ofStates<unknown>) =>
  (before: State<P>) =>
  (after: State<P>): ReadonlyArray<Patch> =>
    Object.entries(parts).flatMap(([name, part]) =>
      differIn(part)(stateIn(parts, name, before))(stateIn(parts, name, after)).map((one) => ({
        ...one,
        at: [name, ...one.at],
      })),
    )

const patch =
  <P extends Parts>(parts: P) =>
  (patches: ReadonlyArray<Patch>): ReadonlyArray<Maker<State<P>, Change<P>, unknown>> =>
    Object.entries(parts).flatMap(([name, part]) => {
      const own = patches.filter(({ at }) => at[0] === name).map((one) => ({ ...one, at: one.at.slice(1) }))
      const commands: ReadonlyArray<unknown> = part.patch?.(own) ?? []
      return commands.map(inPart(name)) as unknown as ReadonlyArray<Maker<State<P>, Change<P>, unknown>>
    })

/** Equal if all parts are, each by its own `Eq`. Costs as these. */
export const getEq = <S extends States>(eqs: { readonly [Name in keyof S]: eq.Eq<S[Name]> }): eq.Eq<{
  readonly states: S
}> => ({
  equals: (a, b) =>
    a === b ||
    Object.keys(eqs).every(
      (name) =>
        a.states[name] === b.states[name] || eqs[name]!.equals(a.states[name] as never, b.states[name] as never),
    ),
})
