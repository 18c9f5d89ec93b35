/** What a session says to the peer. */
import * as Digest from '../../core/Digest.js'
import * as Frontier from '../../core/Frontier.js'
import type { Past } from '../../core/Past.js'
import type { Replica } from '../../core/Replica.js'
import * as Unread from '../../core/Unread.js'
import type { Update } from '../../core/Update.js'
import type { WireMessage } from '../WireMessage.js'
import * as Lost from './lost.js'
import { bothSynced, REFUSALS_A_LINE, type Announcement, type Session, type Step } from './state.js'
import * as Telling from './telling.js'

/** The outcome of {@link send}. */
export type Sent<C> = Omit<Step<never, C>, 'replica'>

/**
 * What to write next: the header, up to `maxUpdates` of the updates that the peer lacks, how sure
 * we are, SYNC. Empty if there is nothing for now: try again after the next update or message. Has
 * no errors. O(m (log s + log u)) for m messages, and O(s log s) once for the history over s
 * sources.
 */
export const send =
  <C>(maxUpdates = Infinity, past?: Past) =>
  <S>(session: Session<C>, replica: Replica<S, C>): Sent<C> => {
    const speaker = new Speaker(session, replica)
    speaker.header()
    speaker.askForLost(past)
    speaker.refusals()
    if (session.options.readable !== false) {
      speaker.wanted(maxUpdates)
      speaker.lacking(maxUpdates)
    }
    return speaker.done()
  }

/** One call of {@link send}. */
class Speaker<S, C> {
  private session: Session<C>
  private readonly replica: Replica<S, C>
  private readonly messages: WireMessage<C>[] = []
  private readonly announce: Announcement[] = []

  constructor(session: Session<C>, replica: Replica<S, C>) {
    this.session = session
    this.replica = replica
  }

  header(): void {
    const { session, replica } = this
    const { meta, kind, readable = true, sendClock = false } = session.options
    if (session.headerSent || !(readable || sendClock)) return
    const digest = Digest.of(replica)
    if (kind !== undefined) {
      const { name, version } = kind
      this.messages.push({ _tag: 'Opening', name, ...(version !== undefined && { version }) })
    }
    this.messages.push({ _tag: 'Header', header: meta === undefined ? digest : { ...digest, meta } })
    const telling = { ...session.telling, claimed: replica.clock }
    this.session = { ...session, headerSent: true, telling }
  }

  askForLost(past: Past | undefined): void {
    const { headerSent, lost, peer } = this.session
    if (!headerSent || !Lost.shouldAsk(lost, past, peer, this.replica.clock)) return
    this.session = { ...this.session, lost: { ...lost, asked: past } }
    this.messages.push({ _tag: 'Lost', past })
  }

  refusals(): void {
    const { refusals, places, headerSent, options } = this.session
    if (refusals.length + places.length === 0 || !(headerSent || options.sendClock === true)) return
    for (let i = 0; i === 0 || i < refusals.length; i += REFUSALS_A_LINE) {
      const some = refusals.slice(i, i + REFUSALS_A_LINE)
      this.messages.push({ _tag: 'Refused', refusals: some, places: i === 0 ? places : [] })
    }
    this.session = { ...this.session, refusals: [], places: [] }
  }

  /** What the peer has lost and asked for. */
  wanted(maxUpdates: number): void {
    const { failed, lost } = this.session
    if (lost.wanted === undefined || !Lost.isWanted(lost) || failed) return
    const [updates, rest] = pieceOf(lost.wanted, Math.max(1, maxUpdates - this.messages.length))
    const within = updates.filter(([, timestamp]) => timestamp < lost.wantedUntil)
    this.updates(within)
    const wanted = within.length < updates.length ? Frontier.empty<C>() : rest
    this.session = { ...this.session, lost: { ...lost, wanted } }
  }

  /** What the peer lacks, then how sure we are, then SYNC, then what is new since. */
  lacking(maxUpdates: number): void {
    const { tail = true } = this.session.options
    this.begin()
    while (this.session.telling.told !== undefined && !this.session.failed && (tail || !this.session.syncSent)) {
      const telling = Telling.catchUp(this.session.telling, this.replica)
      this.session = { ...this.session, telling }
      const room = maxUpdates - this.messages.length
      if (room <= 0) return
      if (!Frontier.isEmpty(telling.pending)) {
        const [updates, pending] = pieceOf(telling.pending, room)
        this.session = { ...this.session, telling: { ...telling, pending } }
        this.updates(updates)
      } else {
        this.claim()
        if (this.session.syncSent) return
        this.messages.push({ _tag: 'Sync' })
        this.announce.push({ _tag: 'syncSent' })
        this.session = bothSynced({ ...this.session, syncSent: true }, this.announce)
      }
    }
  }

  /** Begins to tell once the peer's header is there, or needs none. */
  private begin(): void {
    const { telling, peer, options } = this.session
    const needsNone = options.writable === false && options.clock !== true
    if (telling.told !== undefined || (peer === undefined && !needsNone)) return
    this.session = { ...this.session, telling: Telling.begin(peer)(telling, this.replica) }
  }

  private claim(): void {
    const [telling, sure] = Telling.claim(this.session.telling, this.replica, this.session.hearing.sure)
    this.session = { ...this.session, telling }
    if (sure !== undefined) this.messages.push(sure)
  }

  private updates(updates: ReadonlyArray<Update<C>>): void {
    const { log } = this.replica
    const hasUnread = log.unread !== undefined
    updates.forEach((update) => {
      this.messages.push({ _tag: hasUnread && Unread.holds(update)(log) ? 'Unread' : 'Update', update })
    })
    this.session = { ...this.session, telling: Telling.sent(updates)(this.session.telling) }
  }

  done(): Sent<C> {
    const { announce } = this
    return { session: bothSynced(this.session, announce), send: this.messages, announce }
  }
}

const pieceOf = <C>(frontier: Frontier.Frontier<C>, maxUpdates: number) =>
  Frontier.next<C>({ maxUpdates }, () => 0)(frontier)
