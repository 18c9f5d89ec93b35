/**
 * Tabs that share a replica. One leads: it alone writes to the disk. The others tell it what they
 * have, and hear what is on the disk. README says why nothing is lost.
 */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import { show, type Refusal } from '../../core/Rejection.js'
import type { Read, Source } from '../storage/read.js'
import { createRounds } from '../storage/Rounds.js'
import type { StorageError } from '../storage/StorageError.js'
import { createWriter, randomText, type Writer } from '../storage/writer.js'
import type { Listener, LocalStore } from '../store.js'
import type { Channel } from './Host.js'
import type { IndexedDbFailure } from './IndexedDbError.js'

/** The number of a tab in the pool, and its how many'th life this is. */
export type Seat = readonly [number: number, life: number]

type Outcome = E.Either<StorageError<IndexedDbFailure>, void>

/**
 * What tabs tell one another. A follower tells its leader what it has beyond what is on the disk,
 * and from which seat. The leader answers under the same token when all of that is on the disk, or
 * is not: with what the follower lacks. It gives a letter to another leader its name. It tells all
 * what has come to the disk. Each leadership has a name of its own.
 */
type Letter = readonly [leader: string, token: string, message?: unknown, outcome?: Outcome, seat?: Seat]

/** A tab that does not hear from the leader says it again after so many ms. */
const PATIENCE = 1000

/** What a tab leaves by, and learns by that it has left. */
export interface Leaving {
  readonly leave: () => void
  readonly signal: AbortSignal
}

type Post = (...letter: Letter) => void

/** What a store on a disk has beside a store, and how the tab comes to lead. */
export interface Tab<S, C> {
  readonly isLeader: () => boolean
  readonly leading: Promise<void>
  readonly flushed: () => Promise<Outcome>
  readonly close: () => Promise<Outcome>
  readonly compact: () => Promise<Outcome>
  /** Makes this tab the leader, of what it read, unless it has left. */
  readonly lead: (read: Read<S, C>) => void
  /** The outcome of a round that waits for a leader. */
  readonly fail: (outcome: Outcome) => void
}

/**
 * Follows whoever leads, until `lead` makes this tab the leader. Without a channel there are no
 * others. Once the tab has left nothing is saved any more.
 */
export const createTab = <S, C>(
  source: Source<S, C, IndexedDbFailure>,
  store: LocalStore<S, C>,
  seat: Seat,
  channel: Channel | undefined,
  { signal, leave }: Leaving,
): Tab<S, C> => {
  const { getReplica } = store
  const { name, id, scuttlebutt } = source
  const me = randomText()
  /** Of the tab that leads. */
  let writer: Writer<S, C, IndexedDbFailure> | undefined
  const post = postTo(channel)
  const [isAcked, ask, hear, fail] = createFollower(store, seat, post)
  const isSaved = (): boolean => (writer ? writer.isSaved() : isAcked())
  const write = async (): Promise<Outcome> => {
    if (signal.aborted || !writer) {
      if (isSaved()) return right(undefined)
      return signal.aborted ? left({ _tag: 'Locked', name }) : ((await ask()) ?? write())
    }
    const before = writer.getSaved()
    const outcome = await writer.write()
    const after = writer.getSaved()
    if (channel && after !== before) post(me, '', scuttlebutt.encodeMessage(scuttlebutt.push(before)(after)))
    return outcome
  }
  const closed: StorageError<never> = { _tag: 'Closed', name }
  const rounds = createRounds<StorageError<IndexedDbFailure>>({ write, isSaved, closed, onClosed: leave })
  const serve = createServer(store, me, post, rounds.flush)
  if (channel) {
    channel.onmessage = ({ data }) => {
      // what it hears may want a round
      void (writer ? serve : hear)(...(data as Letter)).then(rounds.wake)
    }
  }
  store.subscribe(rounds.wake)
  let led: () => void
  const leading = new Promise<void>((resolve) => (led = resolve))
  const getId = (): string => (channel ? id : getReplica().id)
  return {
    isLeader: () => writer !== undefined && !signal.aborted,
    leading,
    flushed: rounds.flush,
    close: rounds.close,
    compact: rounds.flush,
    fail,
    lead: (read) => {
      if (signal.aborted) return
      writer = createWriter(source, read, getReplica, getId, () => !signal.aborted)
      post(me, '')
      fail()
      rounds.wake()
      led()
    },
  }
}

const postTo =
  (channel: Channel | undefined): Post =>
  (...letter) => {
    try {
      channel?.postMessage(letter)
    } catch {
      // the channel was closed, with this tab
    }
  }

/** Ends after a while. */
export const later = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, PATIENCE)
  })

const createFollower = <S, C>(store: LocalStore<S, C>, seat: Seat, post: Post) => {
  const { getReplica, scuttlebutt, subscribe } = store
  let leader = ''
  /** What is on the disk, by the leader's word. After a copy the leader must say so again. */
  let acked = { ...getReplica() }
  /** Takes the answer to the newest letter. Without an outcome it is to be written again. */
  let answer: (outcome?: Outcome, about?: string) => void = () => undefined
  /** The next commit is what the leader tells, and not yet what a listener makes of it. */
  let isTold = false
  const heed: Listener<S, C> = (_, replica, before) => {
    if (isTold && acked === before) acked = replica
    isTold = false
  }
  subscribe(heed, { first: true })
  const isAcked = (): boolean => acked === getReplica()
  const fail = (outcome?: Outcome): void => {
    answer(outcome)
  }
  const ask = (): Promise<Outcome | undefined> =>
    new Promise((resolve) => {
      const [asked, token] = [getReplica(), randomText()]
      answer = (outcome, about = token) => {
        if (about !== token) return
        if (outcome?._tag === 'Right') acked = asked
        resolve(outcome)
      }
      void later().then(() => {
        resolve(undefined)
      })
      post(leader, token, scuttlebutt.encodeMessage(scuttlebutt.push(acked)(asked)), undefined, seat)
    })
  const hear = async (...[from, about, message, outcome, isFollower]: Letter): Promise<void> => {
    if (isFollower) return
    if (from !== leader) {
      leader = from
      acked = { ...acked }
      fail()
    }
    answer(outcome, about)
    if (message === undefined) return
    isTold = true
    const taken = take(store, message)
    isTold = false
    await taken
  }
  return [isAcked, ask, hear, fail] as const
}

/** What the leader makes of a letter. */
const createServer = <S, C>(store: LocalStore<S, C>, me: string, post: Post, flush: () => Promise<Outcome>) => {
  /** The newest life of each number. */
  const lives: number[] = []
  return async (...[to, token, message, , seat]: Letter): Promise<void> => {
    if (!seat) return
    const [number, life] = seat
    if (to !== me) post(me, '')
    else if (!(lives[number]! > life)) {
      lives[number] = life
      const [refused, lacks] = await take(store, message)
      const outcome = await flush()
      // a leader of an older program may refuse what this one wrote: then it is not saved
      post(me, token, lacks, refused ? refusedBy(refused) : outcome)
    }
  }
}

/** Takes a message. Gives what of it was refused first, and what there is to answer. */
const take = async <S, C>(
  { scuttlebutt, reconcileAsync }: LocalStore<S, C>,
  input: unknown,
): Promise<readonly [refused: Refusal | undefined, lacks?: unknown]> => {
  const message = scuttlebutt.decodeMessage()(input)
  if (message._tag === 'Left') return [message.left]
  const answer = await reconcileAsync(message.right, undefined, { trusted: true })
  return [message.right.refused?.[0], answer._tag === 'Some' ? scuttlebutt.encodeMessage(answer.value) : undefined]
}

const refusedBy = (refusal: Refusal): Outcome =>
  left({ _tag: 'IndexedDb', operation: 'save', code: refusal._tag, reason: show(refusal) })
