/** How a session receives from the peer. */
import type { either as E } from 'fp-ts'
import type { Batch, Vouching } from '../../core/Arrivals.js'
import type { DataType } from '../../core/DataType.js'
import type { Digest } from '../../core/Digest.js'
import { passing } from '../../core/reconcile.js'
import type { Replica } from '../../core/Replica.js'
import { stampOf, type Stamp, type Update } from '../../core/Update.js'
import { stampIn } from '../lines/Lines.js'
import type { WireMessage } from '../WireMessage.js'
import * as Hearing from './hearing.js'
import * as Lost from './lost.js'
import { bothSynced, refuse, type Announcement, type Session, type SessionError } from './state.js'
import * as Telling from './telling.js'

/** Updates from the peer, for the replica to take, and who vouches that none is missing. */
export interface Brought<C> {
  readonly batch: Batch<C>
  readonly vouching: Vouching
}

/** The outcome of {@link receive}. */
export interface Received<C> {
  readonly session: Session<C>
  /** What the peer brought, in order. Usually one batch at most. */
  readonly brought: ReadonlyArray<Brought<C>>
  readonly announce: ReadonlyArray<Announcement>
}

/**
 * Receives from the peer: decoded lines, or why they were refused. Errors are announced. The caller
 * gives what was brought to the replica, then calls {@link send}. O(m log s) for m messages;
 * O(s log s) for a header.
 */
export const receive =
  <S, C>(dataType: DataType<S, C>) =>
  (messages: ReadonlyArray<E.Either<SessionError, WireMessage<C>>>) =>
  (session: Session<C>, replica: Replica<S, C>): Received<C> => {
    const listener = new Listener(dataType, session, replica)
    for (const message of messages) {
      if (listener.session.failed) break
      if (message._tag === 'Left') listener.refused(message.left)
      else listener.heard(message.right)
    }
    return listener.done()
  }

/** One call of {@link receive}. */
class Listener<S, C> {
  session: Session<C>
  private readonly dataType: DataType<S, C>
  private readonly replica: Replica<S, C>
  private readonly announce: Announcement[] = []
  private readonly brought: Brought<C>[] = []
  private updates: Update<C>[] = []
  private unread: Update<unknown>[] = []
  private passed: Stamp[] = []
  /** How many of the updates, and of the unread ones, are counted. */
  private counted = [0, 0]
  private lines = 0
  /** The peer has told all since the last batch. */
  private hasClaimed = false

  constructor(dataType: DataType<S, C>, session: Session<C>, replica: Replica<S, C>) {
    this.dataType = dataType
    this.session = session
    this.replica = replica
  }

  heard(message: WireMessage<C>): void {
    const { session } = this
    switch (message._tag) {
      case 'Header':
        this.header(message.header)
        return
      case 'Update':
        this.lines++
        this.updates.push(message.update)
        return
      case 'Unread':
        this.lines++
        this.unread.push(message.update)
        return
      case 'Opening':
        this.opening(message.name, message.version)
        return
      case 'Sure': {
        this.note()
        const hearing = Hearing.sure(message)(this.session.hearing)
        if (hearing === undefined) this.fail(Hearing.gap(message, this.session.hearing))
        else {
          this.session = { ...this.session, hearing }
          this.hasClaimed = true
        }
        return
      }
      case 'Sync':
        this.sync()
        return
      case 'Refused':
        if (message.refusals.length > 0) this.announce.push({ _tag: 'refused', refusals: message.refusals })
        return
      case 'Lost':
        this.session = { ...session, lost: Lost.heard(message.past, this.replica.log)(session.lost) }
        return
      case 'Ignored':
    }
  }

  refused(rejection: SessionError): void {
    this.announce.push({ _tag: 'rejection', rejection })
    if (!isOfUpdate(rejection)) {
      // a damaged line may have been an update, or a count
      const hearing = { ...this.session.hearing, hasRefused: true }
      if ('line' in rejection) this.session = { ...this.session, hearing }
      return
    }
    this.lines++
    const stamp = stampOfLine(rejection)
    if (rejection._tag !== 'LineTooLong') this.passed.push(...passing([rejection]))
    else if (stamp !== undefined) this.passed.push(stamp)
    this.session = refuse([[stamp, rejection._tag]], this.lines + this.session.hearing.lines)(this.session)
  }

  private header(header: Digest): void {
    const { session } = this
    if (session.peer !== undefined) {
      this.announce.push({ _tag: 'rejection', rejection: { _tag: 'SecondHeader', at: '', header } })
      return
    }
    this.announce.push({ _tag: 'header', header })
    this.session = { ...session, peer: header, hearing: Hearing.header(header)(session.hearing) }
  }

  private opening(name: string, version: string | undefined): void {
    const { dataType, session } = this
    if (name !== dataType.name || version !== dataType.version) {
      this.fail({ _tag: 'OtherType', at: '', name, ...(version !== undefined && { version }) })
    } else this.session = { ...session, hearing: { ...session.hearing, isOurs: true } }
  }

  private sync(): void {
    const { session } = this
    if (session.syncReceived) return
    this.announce.push({ _tag: 'syncReceived' })
    this.note()
    if (!session.hearing.isOurs) {
      // an original has told all that its header claims
      const { peer, hearing } = this.session
      if (peer !== undefined) this.session = { ...this.session, hearing: Hearing.synced(peer)(hearing) }
      this.hasClaimed = true
      this.flush()
    }
    const hearing = { ...this.session.hearing, hasSynced: true }
    this.session = bothSynced({ ...this.session, syncReceived: true, hearing }, this.announce)
  }

  private fail(rejection: SessionError): void {
    this.announce.push({ _tag: 'rejection', rejection })
    this.session = { ...this.session, failed: true }
  }

  /** Counts the lines that came since the last call. */
  private note(): void {
    if (this.lines === 0) return
    const [read, unread] = this.counted
    const isAll = read === 0 && this.unread.length === 0
    const came = isAll ? this.updates : [...this.updates.slice(read), ...this.unread.slice(unread)]
    this.session = { ...this.session, hearing: Hearing.updates(this.lines, came)(this.session.hearing) }
    this.counted = [this.updates.length, this.unread.length]
    this.lines = 0
  }

  /** Ends a batch. */
  private flush(): void {
    const { updates, unread, passed, hasClaimed, session } = this
    const { hearing } = session
    if (updates.length + unread.length + passed.length === 0 && !hasClaimed) return
    const batch = {
      updates,
      ...(unread.length > 0 && { unread }),
      ...(passed.length > 0 && { passed }),
      ...(session.peer && !hearing.isOurs && { original: session.peer.id }),
    }
    // before its header, nobody knows the peer's floor
    const claim = session.peer === undefined ? 'nobody' : Hearing.claim(hearing)
    const vouching = hasClaimed ? claim : Hearing.vouching(hearing)
    const came = unread.length === 0 ? updates : [...updates, ...unread]
    this.session = { ...session, telling: Telling.brought(came)(session.telling, this.replica) }
    if (session.options.writable !== false) this.brought.push({ batch, vouching })
    ;[this.updates, this.unread, this.passed, this.hasClaimed] = [[], [], [], false]
    this.counted = [0, 0]
  }

  done(): Received<C> {
    this.note()
    this.flush()
    return { session: this.session, brought: this.brought, announce: this.announce }
  }
}

/** Whether a refused line was an update: the peer counts those that begin with `[`. */
const isOfUpdate = (rejection: SessionError): boolean =>
  'update' in rejection || ('line' in rejection && rejection.line.startsWith('['))

const stampOfLine = (rejection: SessionError): Stamp | undefined => {
  if (rejection._tag === 'LineTooLong') return stampIn(rejection.tail)
  return 'update' in rejection ? stampOf(rejection.update) : undefined
}
