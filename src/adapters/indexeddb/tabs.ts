/**
 * Tabs that share a replica. One leads: it alone writes to the disk. The others tell it what they
 * have, and hear what is on the disk. README says why nothing is lost.
 */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import type { Refusal } from '../../core/Rejection.js'
import { createRounds } from '../storage/Rounds.js'
import type { StorageError } from '../storage/StorageError.js'
import { randomText, type Writer } from '../storage/writer.js'
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
type Letter = readonly [leader: string, token?: string, message?: unknown, outcome?: Outcome, seat?: Seat]

/** What a tab is at a time. */
interface Role {
  /** A round. Undefined if it is to be tried again, maybe by another role. */
  readonly write: (isAwaited: boolean) => Promise<Outcome | undefined>
  readonly isSaved: () => boolean
  readonly hear: (...letter: Letter) => Promise<void>
}

type Post = (...letter: Letter) => void

/** A tab that does not hear from the leader says it again after so many ms. */
export const PATIENCE = 1000

/**
 * Follows whoever leads, until `lead` makes this tab the leader. Without a channel there are no
 * others. `isOurs` says that nobody took the database over. Errors have the name. Gives the rounds,
 * whether the tab leads, `lead`, and what makes its rounds fail until one leads.
 */
export const createTab = <S, C>(
  store: LocalStore<S, C>,
  seat: Seat,
  channel: Channel | undefined,
  name: string,
  isOurs: () => boolean,
  onClosed: () => void,
) => {
  const closed = { _tag: 'Closed', name } as const
  const lost = (): Outcome | undefined => (isOurs() ? undefined : left({ _tag: 'Locked', name }))
  let role: Role
  const write = async (isAwaited: boolean): Promise<Outcome> => (await role.write(isAwaited)) ?? write(isAwaited)
  const rounds = createRounds<StorageError<IndexedDbFailure>>({
    write,
    isSaved: () => role.isSaved(),
    closed,
    onClosed,
  })
  const post: Post = (...letter) => {
    try {
      channel?.postMessage(letter)
    } catch {
      // the channel was closed, with this tab
      follower.fail(left(closed))
    }
  }
  const follower = createFollower(store, seat, lost, post)
  role = follower
  if (channel !== undefined) {
    channel.onmessage = ({ data }) => {
      // what it hears may want a round
      void role.hear(...(data as Letter)).then(rounds.wake)
    }
  }
  store.subscribe(rounds.wake)
  return [
    rounds,
    () => role !== follower,
    (writer: Writer<S, C, IndexedDbFailure>): void => {
      role = createLeader(store, channel && post, rounds.flush, writer)
      follower.fail()
      rounds.wake()
    },
    follower.fail,
  ] as const
}

/** `lost` says why nothing is saved any more. */
const createFollower = <S, C>(store: LocalStore<S, C>, seat: Seat, lost: () => Outcome | undefined, post: Post) => {
  const { getReplica, scuttlebutt } = store
  let leader = ''
  let failure: Outcome | undefined
  /** What is on the disk, by the leader's word. After a copy the leader must say so again. */
  let acked = { ...getReplica() }
  /** What the answer will name, and what ends the wait for it: without an answer, to ask again. */
  let token: string | undefined
  let settle: (answer?: readonly [message: unknown, outcome: Outcome | undefined]) => void = () => undefined
  /** The next commit is what the leader tells, and not yet what a listener makes of it. */
  let isTold = false

  const isSaved = (): boolean => acked === getReplica()
  const learn = async (message: unknown): Promise<unknown> => {
    isTold = true
    const taken = take(store, message)
    isTold = false
    return (await taken)[0]
  }
  const fail = (outcome?: Outcome): void => {
    failure = outcome
    settle()
  }
  const ask = (resolve: typeof settle): void => {
    settle = resolve
    setTimeout(resolve, PATIENCE)
    token = randomText()
    post(leader, token, scuttlebutt.encodeMessage(scuttlebutt.push(acked)(getReplica())), undefined, seat)
  }
  const heed: Listener<S, C> = (_, replica, before) => {
    if (isTold && acked === before) acked = replica
    isTold = false
  }
  store.subscribe(heed, { first: true })
  return {
    fail,
    isSaved,
    write: async (): Promise<Outcome | undefined> => {
      if (isSaved()) return right(undefined)
      const [before, refused] = [getReplica(), failure ?? lost()]
      if (refused !== undefined) return refused
      const [message, outcome] = (await new Promise<Parameters<typeof settle>[0]>(ask)) ?? []
      if (outcome?._tag === 'Right') acked = before
      if (message !== undefined) await learn(message)
      return outcome
    },
    hear: async (...[from, about, message, outcome, isFollower]: Letter): Promise<void> => {
      if (isFollower) return
      if (from !== leader) {
        leader = from
        fail()
        acked = { ...acked }
      }
      if (about === token) settle([message, outcome])
      // a letter of the leader was lost: its next answer brings what was in it
      else if (message !== undefined && (await learn(message)) !== undefined) acked = { ...acked }
    },
  }
}

const createLeader = <S, C>(
  store: LocalStore<S, C>,
  post: Post | undefined,
  flush: () => Promise<Outcome>,
  { write, isSaved, getSaved }: Writer<S, C, IndexedDbFailure>,
): Role => {
  const { push, encodeMessage } = store.scuttlebutt
  const me = randomText()
  /** The newest life of each number. */
  const lives: number[] = []
  post?.(me)
  return {
    isSaved,
    write: async (isAwaited) => {
      const before = getSaved()
      const outcome = await write(isAwaited)
      const after = getSaved()
      if (post && after !== before) post(me, '', encodeMessage(push(before)(after)))
      return outcome
    },
    hear: async (to, token, message, _, seat) => {
      if (seat === undefined) return
      const [number, life] = seat
      if (to !== me) post?.(me)
      else if (!(lives[number]! > life)) {
        lives[number] = life
        const [lacks, refused] = await take(store, message)
        const outcome = await flush()
        // a leader of an older program may refuse what this one wrote: then it is not saved
        post?.(me, token, lacks, outcome._tag === 'Right' && refused ? refusedBy(refused) : outcome)
      }
    },
  }
}

/** Takes a message. Gives what there is to answer, and what of it was refused first. */
const take = async <S, C>(
  { scuttlebutt, reconcileAsync }: LocalStore<S, C>,
  input: unknown,
): Promise<readonly [lacks: unknown, refused: Refusal | undefined]> => {
  const message = scuttlebutt.decodeMessage()(input)
  if (message._tag === 'Left') return [undefined, message.left]
  const answer = await reconcileAsync(message.right, undefined, { trusted: true })
  return [answer._tag === 'Some' ? scuttlebutt.encodeMessage(answer.value) : undefined, message.right.refused?.[0]]
}

const refusedBy = ({ _tag: code, at }: Refusal): Outcome =>
  left({ _tag: 'IndexedDb', operation: 'save', code, reason: `refused at ${at}` })
