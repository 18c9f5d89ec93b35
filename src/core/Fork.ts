/**
 * Forks: several contents under one stamp, from a source that equivocates, or from programs that
 * run under one id. The two greatest count, by canonical JSON, each as an update of its own. So
 * replicas that take the same contents, at most two of a stamp, show the same: a data type gives
 * one state for all orders.
 *
 * The number must be bounded, because all contents of a stamp go in one message. With a bound of k,
 * the outcome of k + 1 contents depends on their order. Example: each writes a key that an older
 * update wrote. The first to come supersedes the older update of its key, which is forgotten. If
 * that content is displaced later, its key shows nothing; had it come last, its key would show the
 * older update.
 */
import { jsonOf } from './Change.js'
import type { DataType } from './DataType.js'
import * as Json from './Json.js'
import * as Log from './Log.js'
import type { InUpdate } from './Rejection.js'
import * as Unread from './Unread.js'
import type { Update } from './Update.js'

/** Another content for the stamp of an update that is held. The two together are the proof. */
export interface Equivocation<C> extends InUpdate {
  readonly _tag: 'Equivocation'
  readonly update: Update<C>
  readonly held: Update<C>
}

/** An update and its change as JSON. */
export interface Content {
  readonly update: Update<unknown>
  readonly json: unknown
  readonly isUnread: boolean
}

/** So many contents of one stamp count. */
const MOST = 2

/** What a log holds under the stamp of an update. O(log u), and the size of what it finds. */
export const contents =
  <S, C>({ change }: DataType<S, C>) =>
  (update: Update<unknown>) =>
  (log: Log.Log<C>): ReadonlyArray<Content> => {
    const found: Content[] = Log.contents(update)(log).map((one) => ({
      update: one,
      json: jsonOf(change)(one),
      isUnread: false,
    }))
    if (log.unread === undefined) return found
    for (const one of Log.contents(update)(log.unread.log)) found.push({ update: one, json: one[0], isUnread: true })
    return found
  }

/** Whether a content is among others. O(size). */
export const isAmong = ({ update, json }: Content, others: ReadonlyArray<Content>): boolean =>
  others.some((one) => one.update === update || Json.equals(one.json, json))

/** Those of the contents of one stamp that count, the greatest first. O(their size). */
export const counting = (all: ReadonlyArray<Content>): ReadonlyArray<Content> =>
  [...all].sort((a, b) => (Json.canonical(a.json) < Json.canonical(b.json) ? 1 : -1)).slice(0, MOST)

/** The log with another content, and whether one that counted no longer does. */
export interface Forked<C> {
  readonly log: Log.Log<C>
  readonly isDisplaced: boolean
}

/**
 * The log with a content that counts, beside those that it holds under the stamp. O(log u), and the
 * size of the contents.
 */
export const put =
  <S, C>(dataType: DataType<S, C>) =>
  (content: Content) =>
  (log: Log.Log<C>): Forked<C> => {
    const held = contents(dataType)(content.update)(log)
    if (held.length < MOST) return { log: add(log, content), isDisplaced: false }
    const cleared = Unread.without(content.update)(Log.without(content.update)(log))
    return { log: counting([...held, content]).reduce(add<C>, cleared), isDisplaced: true }
  }

const add = <C>(log: Log.Log<C>, { update, isUnread }: Content): Log.Log<C> =>
  isUnread ? Unread.add(update)(log) : Log.fork(update as Update<C>)(log)
