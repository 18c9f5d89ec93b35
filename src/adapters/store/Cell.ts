/** The one mutable thing: a replica, and who hears of the next one. */
import * as Clock from '../../core/Clock.js'
import * as Past from '../../core/Past.js'
import { unchanged, type Received } from '../../core/receive.js'
import type { Replica } from '../../core/Replica.js'
import { NEVER, type Timestamp } from '../../core/Timestamp.js'
import type { SourceId, Update } from '../../core/Update.js'
import type { Refusal } from '../../wire/WireMessage.js'
import type { Committed } from './Port.js'
import { markReturned } from './returned.js'
import type { RefusedUpdate, SubscribeOptions } from './Store.js'

/** The outcome of a batch, or of one's own writing. */
export type Outcome<S, C> = Received<S, C> & { readonly isOwn?: true }

export interface Cell<S, C> {
  readonly getReplica: () => Replica<S, C>
  /** Own updates that may be lost: see {@link Past.Past}. */
  readonly past: () => Past.Past | undefined
  /** Whether own updates may be missing that the store made before it was opened. */
  readonly isRestored: () => boolean
  /** An own update is about to be committed. */
  readonly wrote: (update: Update<C>) => void
  /**
   * Nothing of our own is missing any more: a peer has told all that it has, or the id is new. With
   * true, something may be: the replica was saved.
   */
  readonly begin: (isRestored?: boolean) => void
  /**
   * Replaces the replica and calls the listeners, each batch in turn. Own updates in it have
   * returned, unless the store made them. An own update that the store made since it was opened
   * becomes one of the {@link refusals} if one with a later stamp returns.
   */
  readonly commit: (received: Outcome<S, C>) => void
  readonly subscribe: (listener: (committed: Committed<S, C>) => void, options?: SubscribeOptions) => () => void
  readonly refusals: () => ReadonlyArray<RefusedUpdate>
  /** Keeps refusals of own updates, and calls the listeners if one is new. */
  readonly refuse: (refusals: ReadonlyArray<RefusedUpdate>) => void
  /** Passes on refusals by peers. */
  readonly pass: (refusals: ReadonlyArray<Refusal>, by: string | undefined) => void
  readonly onPass: (listener: (refusals: ReadonlyArray<Refusal>, by: string | undefined) => void) => () => void
}

/** So many refusals of own updates are kept, the newest; and so many stamps of what was made. */
const MAX_REFUSALS = 1000

/**
 * Own updates made since the store was opened, and stamped below one that has come back: a peer
 * that knows that one is sure of all before it, and may never take them. O(u), and O(made) if an
 * own one is among them.
 */
const overtaken = (
  returned: ReadonlyArray<Update<unknown>>,
  source: SourceId,
  made: ReadonlyArray<Timestamp>,
): ReadonlyArray<RefusedUpdate> => {
  if (made.length === 0) return []
  let newest = NEVER
  for (const [, timestamp, from] of returned) if (from === source) newest = Math.max(newest, timestamp)
  if (newest === NEVER) return []
  return made.filter((timestamp) => timestamp < newest).map((timestamp) => ({ timestamp, source, reason: 'Overtaken' }))
}

export const createCell = <S, C>(given: Replica<S, C>): Cell<S, C> => {
  let replica = given
  let began = Past.begin(given)
  let isRestored = Clock.size(given.clock) > 0 || given.clock.floor > 0
  /** The stamps of the first own updates made since the store began. */
  let made: Timestamp[] = []
  let refusals: ReadonlyArray<RefusedUpdate> = []
  /** The same refusals, by text: none is kept twice. */
  const refused = new Map<string, RefusedUpdate>()
  const first = createListeners<Committed<S, C>>()
  const committed = listeners<Committed<S, C>>()
  const passed = listeners<readonly [ReadonlyArray<Refusal>, string | undefined]>()
  const commit = (received: Outcome<S, C>): void => {
    const before = replica
    if (!received.isOwn) markReturned(received.taken, before.id)
    replica = received.replica
    const event = { ...received, before }
    first.tell(event)
    committed.call(event)
    if (!received.isOwn) refuse(overtaken(received.taken, before.id, made))
  }
  const refuse = (more: ReadonlyArray<RefusedUpdate>): void => {
    const fresh = more.filter((one) => !refused.has(textOf(one)))
    if (fresh.length === 0) return
    for (const one of fresh) refused.set(textOf(one), one)
    for (const text of [...refused.keys()].slice(0, -MAX_REFUSALS)) refused.delete(text)
    refusals = [...refused.values()]
    commit(unchanged(replica))
  }
  return {
    getReplica: () => replica,
    past: () => Past.of(began),
    isRestored: () => isRestored,
    wrote: (update) => {
      began = Past.wrote(update)(began)
      if (made.length < MAX_REFUSALS) made.push(update[1])
    },
    begin: (mayMiss = false) => {
      isRestored = mayMiss
      made = []
      began = Past.begin(replica)
    },
    commit,
    subscribe: (listener, { first: isFirst } = {}) => (isFirst ? first : committed).add(listener),
    refusals: () => refusals,
    refuse,
    pass: (more, by) => {
      passed.call([more, by])
    },
    onPass: (listener) =>
      passed.add(([more, by]) => {
        listener(more, by)
      }),
  }
}

/** Commits a replica without new updates. Nothing happens if it is the same. */
export const put = <S, C>({ getReplica, commit }: Cell<S, C>, next: Replica<S, C>): void => {
  if (next !== getReplica()) commit(unchanged(next))
}

/** A peer says the same again when they meet anew. */
const textOf = ({ timestamp, source, reason, by }: RefusedUpdate): string =>
  JSON.stringify([timestamp, source, reason, by])

/** {@link createListeners}, told of each event in turn, also of one that a listener makes. */
const listeners = <A>() => {
  const { add, tell } = createListeners<A>()
  const untold: A[] = []
  return {
    add,
    call: (event: A): void => {
      untold.push(event)
      if (untold.length > 1) return // a listener made this event: the loop below is running
      for (let next = untold[0]; next !== undefined; untold.shift(), next = untold[0]) tell(next)
    },
  }
}

/** Whoever listens. One that throws harms no other; one that is gone is not called. */
export const createListeners = <A = undefined>() => {
  const all = new Set<{ readonly call: (event: A) => void }>()
  return {
    add: (call: (event: A) => void) => {
      const listener = { call }
      all.add(listener)
      return () => void all.delete(listener)
    },
    tell: (event: A): void => {
      for (const listener of [...all]) if (all.has(listener)) notify(listener.call, event)
    },
    isEmpty: () => all.size === 0,
    clear: () => {
      all.clear()
    },
  }
}

/** Calls a listener. What it throws surfaces as uncaught, as with DOM events. */
export const notify = <A>(listener: (event: A) => void, event: A): void => {
  try {
    listener(event)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
