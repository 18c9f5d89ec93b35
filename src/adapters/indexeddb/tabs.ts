/**
 * Tabs that share a replica. One leads: it alone writes to the disk. The others tell it what they
 * have, and hear what is on the disk. README says why nothing is lost.
 */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import type { Message } from '../../core/reconcile.js'
import type { Refusal } from '../../core/Rejection.js'
import type { Replica } from '../../core/Replica.js'
import { Rounds, type Sink } from '../storage/Rounds.js'
import type { StorageError } from '../storage/StorageError.js'
import { randomText, type Writer } from '../storage/writer.js'
import type { LocalStore } from '../store.js'
import type { Channel } from './Host.js'

/** What tabs tell one another. Each life of a tab has a name of its own. */
type Letter =
  /** Who leads? */
  | { readonly _tag: 'who' }
  | { readonly _tag: 'lead'; readonly from: string }
  /** A tab tells the leader what it has beyond what is on the disk: its `n`th letter. */
  | {
      readonly _tag: 'save'
      readonly to: string
      readonly from: string
      readonly n: number
      /** The tab's number in the pool, and how many have had it before: see {@link Seat}. */
      readonly seat: Seat
      readonly message: unknown
    }
  /** All of the letter is on the disk, or why not. `message`: what the tab lacks. */
  | {
      readonly _tag: 'saved'
      readonly to: string
      readonly n: number
      readonly error?: StorageError
      readonly message?: unknown
    }
  /** This has come to the disk. */
  | { readonly _tag: 'news'; readonly from: string; readonly message: unknown }

/** The `life`th life of a number of the pool. */
export interface Seat {
  readonly number: number
  readonly life: number
}

export interface Tab<S, C> {
  readonly store: LocalStore<S, C>
  readonly seat: Seat
  /** What of the store is on the disk. */
  readonly saved: Replica<S, C>
  readonly channel: Channel
  /** The name, for errors. */
  readonly name: string
  /** Whether nobody took the database over. */
  readonly isOurs: () => boolean
}

/** A tab that does not hear from the leader says it again after so many ms. */
export const PATIENCE = 1000

type Outcome = E.Either<StorageError, void>

/** Follows whoever leads, until `lead` makes this tab the leader. */
export class TabRounds<S, C> {
  readonly rounds: Rounds<StorageError>
  private readonly tab: Tab<S, C>
  private readonly me = randomText()
  private leader: string | undefined
  private writer: Writer<S, C> | undefined
  private failure: Outcome | undefined
  /** What of the store is on the disk, by the leader's word. */
  private acked: Replica<S, C>
  /** What the others were told of the disk. */
  private told: Replica<S, C>
  /** Whether the leader has answered since it leads, and has nothing that we lack. */
  private isWelcome = false
  private count = 0
  /** Ends the wait for an answer; without one if the leader changed, or took too long. */
  private answer: ((letter?: Letter & { readonly _tag: 'saved' }) => void) | undefined
  /** As a leader: the newest life of each number. */
  private readonly lives = new Map<number, number>()
  /** Letters are taken in the order in which they come. */
  private taking: Promise<unknown> = Promise.resolve()

  constructor(tab: Tab<S, C>) {
    this.tab = tab
    this.acked = this.told = tab.saved
    const sink: Sink<StorageError> = {
      write: (isAwaited) => this.write(isAwaited),
      isSaved: () => this.isSaved(),
      hasMore: () => !this.isSaved(),
      closed: { _tag: 'Closed', name: tab.name },
    }
    this.rounds = new Rounds(sink)
    tab.channel.onmessage = ({ data }) => {
      this.hear(data as Letter)
    }
  }

  get isLeader(): boolean {
    return this.writer !== undefined
  }

  /** From now on this tab writes. */
  lead(writer: Writer<S, C>): void {
    this.writer = writer
    this.failure = undefined
    this.leader = this.me
    this.told = writer.getSaved()
    this.post({ _tag: 'lead', from: this.me })
    this.answer?.()
    this.rounds.wake()
  }

  /** What this tab asks for fails: it was closed. Or it cannot read the disk, until one leads. */
  fail(error: StorageError): void {
    this.failure = left(error)
    this.answer?.()
  }

  private isSaved(): boolean {
    const { writer, acked, isWelcome } = this
    return writer ? writer.isSaved() : isWelcome && acked === this.tab.store.getReplica()
  }

  private async write(isAwaited: boolean): Promise<Outcome> {
    const { store, name, isOurs } = this.tab
    for (;;) {
      if (this.writer !== undefined) return this.writeDown(this.writer, isAwaited)
      if (this.isSaved()) return right(undefined)
      if (this.failure !== undefined) return this.failure
      if (!isOurs()) return left({ _tag: 'Locked', name })
      const replica = store.getReplica()
      const letter = await this.ask(replica)
      if (letter?.error !== undefined) return left(letter.error)
      if (letter === undefined) continue
      this.acked = replica
      this.isWelcome = true
      if (letter.message !== undefined) await this.take(letter.message)
      return right(undefined)
    }
  }

  /** A round of the leader, and the news of it. */
  private async writeDown(writer: Writer<S, C>, isAwaited: boolean): Promise<Outcome> {
    const outcome = await writer.write(isAwaited)
    const saved = writer.getSaved()
    const { push, encodeMessage } = this.tab.store.scuttlebutt
    if (saved !== this.told) {
      this.post({ _tag: 'news', from: this.me, message: encodeMessage(push(this.told)(saved)) })
    }
    this.told = saved
    return outcome
  }

  /** Tells the leader what is not on the disk, and waits for its answer. */
  private ask(replica: Replica<S, C>): Promise<(Letter & { readonly _tag: 'saved' }) | undefined> {
    const { seat, store } = this.tab
    const { push, encodeMessage } = store.scuttlebutt
    return new Promise((settle) => {
      const timer = setTimeout(() => {
        this.leader = undefined
        this.answer?.()
      }, PATIENCE)
      this.answer = (letter) => {
        clearTimeout(timer)
        this.answer = undefined
        settle(letter)
      }
      const { me: from, leader: to } = this
      if (to === undefined) {
        this.post({ _tag: 'who' })
        return
      }
      const message = encodeMessage(push(this.acked)(replica))
      this.post({ _tag: 'save', to, from, n: ++this.count, seat, message })
    })
  }

  /** Takes what the leader told, all of which is on the disk. */
  private take(message: unknown, isNews = false): Promise<void> {
    const { store } = this.tab
    const taken = this.taking.then(async () => {
      const isSaved = this.acked === store.getReplica()
      const [lacks] = await this.reconcile(message)
      if (isSaved) this.acked = store.getReplica()
      // a letter of the leader was lost: its next answer brings what was in it
      if (lacks !== undefined && isNews) this.isWelcome = false
    })
    this.taking = taken
    return taken
  }

  /** Takes a message. Gives the answer, if there is one, and the first refusal. */
  private async reconcile(input: unknown): Promise<readonly [Message<C> | undefined, Refusal | undefined]> {
    const { store } = this.tab
    const message = store.scuttlebutt.decodeMessage()(input)
    if (message._tag === 'Left') return [undefined, message.left]
    const answer = await store.reconcileAsync(message.right, undefined, { trusted: true })
    return [answer._tag === 'Some' ? answer.value : undefined, message.right.refused?.[0]]
  }

  private hear(letter: Letter): void {
    switch (letter._tag) {
      case 'who':
        if (this.isLeader && !this.rounds.isClosed) this.post({ _tag: 'lead', from: this.me })
        return
      case 'lead':
        if (this.isLeader || letter.from === this.leader) return
        this.leader = letter.from
        this.failure = undefined
        this.isWelcome = false
        this.answer?.()
        this.rounds.wake()
        return
      case 'save':
        if (letter.to === this.me && this.isLeader) void this.save(letter)
        return
      case 'saved':
        if (letter.to === this.me && letter.n === this.count) this.answer?.(letter)
        return
      case 'news':
        if (letter.from === this.leader && !this.isLeader) {
          void this.take(letter.message, true).then(() => {
            this.rounds.wake()
          })
        }
    }
  }

  /** As the leader: takes what another tab has, and answers when it is on the disk. */
  private async save({ from, n, seat, message }: Letter & { readonly _tag: 'save' }): Promise<void> {
    const { number, life } = seat
    if ((this.lives.get(number) ?? 0) > life || this.rounds.isClosed) return
    this.lives.set(number, life)
    const taking = this.taking.then(() => this.reconcile(message))
    this.taking = taking
    const [answer, refused] = await taking
    const flushed = await this.rounds.flush()
    // a leader of an older program may refuse what this one wrote: then it is not saved
    const outcome = flushed._tag === 'Right' && refused ? left(refusedBy(refused)) : flushed
    // the next leader answers
    if (outcome._tag === 'Left' && outcome.left._tag === 'Closed') return
    this.post({
      _tag: 'saved',
      to: from,
      n,
      ...(outcome._tag === 'Left' && { error: outcome.left }),
      ...(answer !== undefined && { message: this.tab.store.scuttlebutt.encodeMessage(answer) }),
    })
  }

  private post(letter: Letter): void {
    try {
      this.tab.channel.postMessage(letter)
    } catch {
      // the channel was closed, with this tab
      this.fail({ _tag: 'Closed', name: this.tab.name })
    }
  }
}

const refusedBy = ({ _tag: code, at }: Refusal): StorageError => ({
  _tag: 'Failure',
  operation: 'save',
  code,
  reason: `the tab that leads refuses an update, at ${at}`,
})
