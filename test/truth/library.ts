/**
 * The library as an {@link Implementation}: Doc rows, where an update writes several fields of one
 * row. An update that only newer programs read has an object for a value.
 */
import * as t from 'io-ts'
import * as Clock from '../../src/core/Clock.js'
import { hear, isRound, reply } from '../../src/core/reconcile.js'
import { take } from '../../src/core/receive.js'
import { Doc, scuttlebutt } from '../../src/index.js'
import type { Implementation } from './implementation.js'
import { compare, nameOf, type Policy, type Update as Plain } from './replica.js'

const ROW = 'row'
const PADDING = '_'.repeat(300)
/** Between the size of a plain update and that of a big one. */
const LIMIT = 250

const Old = t.string
const New = t.union([t.string, t.type({ newer: t.string })])

const old = scuttlebutt(Doc.of(Old as unknown as typeof New))
const recent = scuttlebutt(Doc.of(New))

type Library = typeof recent
type Rows = Library extends { create: (id: string) => infer R } ? R : never
type Told = Parameters<Library['reconcile']>[0]
type Change = readonly [string, Readonly<Record<string, unknown>> | null]
type Wire = readonly [change: Change, timestamp: number, source: string]

/** A replica, and what its program reads and accepts. */
export interface Running {
  readonly replica: Rows
  readonly policy: Policy
  /** It was opened from storage and has not heard all of a peer since, as a store has it. */
  readonly isRestored?: boolean
}

const sbOf = ({ reads }: Policy): Library => (reads === 0 ? old : recent)

const textOf = (value: unknown): string =>
  (typeof value === 'string' ? value : (value as { newer: string }).newer).replace(PADDING, '')

const plain = ([[, fields], ts, source]: Wire): Plain => {
  const values = Object.entries(fields ?? {})
  return {
    ts,
    source,
    writes: Object.fromEntries(values.map(([key, value]) => [key, textOf(value)])),
    needs: values.some(([, value]) => typeof value !== 'string') ? 1 : 0,
    big: values.some(([, value]) => JSON.stringify(value).includes(PADDING)),
  }
}

const valueOf = (text: string, { needs = 0, big = false }: Partial<Plain>): unknown => {
  const value = big ? text + PADDING : text
  return needs > 0 ? { newer: value } : value
}

const unwrap = <A>(either: { _tag: 'Left'; left: unknown } | { _tag: 'Right'; right: A }): A => {
  if (either._tag === 'Left') throw new Error(JSON.stringify(either.left))
  return either.right
}

const heldBy = ({ replica, policy }: Running): ReadonlyArray<Plain> => {
  const sb = sbOf(policy)
  return [...sb.history()(replica), ...sb.unread(replica)].map((u) => plain(u as unknown as Wire)).sort(compare)
}

/** The replica as another program reads it from its file. */
const reopened = (sb: Library, replica: Rows): Rows => {
  const { id, clock } = replica
  const all = [...recent.history()(replica), ...recent.unread(replica)]
  const json: unknown = JSON.parse(JSON.stringify({ digest: { id, clock: {} }, updates: all }))
  const told: Told = unwrap(sb.decodeMessage()(json))
  return { ...hear(sb.dataType, told, sb.create(id)).replica, clock }
}

const put = (r: Running, replica: Rows): Running => (replica === r.replica ? r : { ...r, replica })

/** Messages travel as JSON, as `encodeMessage` writes them. */
export const library: Implementation<Running, unknown> = {
  create: (id, policy) => ({ replica: sbOf(policy).create(id), policy }),
  write: (writes, now) => (r) => {
    const fields = Object.fromEntries(Object.entries(writes.writes).map(([k, v]) => [k, valueOf(v, writes)]))
    const sb = (writes.needs ?? 0) > r.policy.reads ? recent : sbOf(r.policy)
    const [update, made] = unwrap(sb.change([ROW, fields] as never, now)(r.replica))
    // what its program cannot read, it holds unread
    const unread = { updates: [], unread: [update] }
    const changed = sb === sbOf(r.policy) ? made : take(old.dataType, unread, 'caller', r.replica).replica
    const { id, clock } = r.replica
    const doubted = Clock.doubtFrom(id, Clock.sureOf(id, clock))(changed.clock)
    const replica = r.isRestored === true ? { ...changed, clock: doubted } : changed
    return [plain(update as unknown as Wire), put(r, replica)]
  },
  restore: (r) => ({ ...r, isRestored: Clock.size(r.replica.clock) > 0 }),
  open: (r) => sbOf(r.policy).encodeMessage(sbOf(r.policy).open(r.replica)),
  reconcile: (message, budget) => (r) => {
    const sb = sbOf(r.policy)
    const policy = {
      ...(Number.isFinite(r.policy.until) && { now: r.policy.until, maxDrift: 0 }),
      ...(!r.policy.takesBig && { maxBytes: LIMIT }),
    }
    const json: unknown = JSON.parse(JSON.stringify(message))
    const told: Told = unwrap(sb.decodeMessage(policy)(json))
    const { id, clock } = r.replica
    const settles =
      r.isRestored === true && isRound(told, r.replica) && (told.digest.floor ?? 0) <= Clock.sureOf(id, clock)
    const limits = Number.isFinite(budget) ? { maxUpdates: budget } : {}
    const heard = hear(sb.dataType, told, r.replica).replica
    const next = settles ? sb.settle([id])(heard) : heard
    const answer = reply(sb.dataType, told, r.replica, next, limits)
    return [
      settles ? { replica: next, policy: r.policy } : put(r, next),
      answer._tag === 'None' ? undefined : sb.encodeMessage(answer.value),
    ]
  },
  push: (before) => (r) => {
    const sb = sbOf(r.policy)
    const { updates, unread = [], ...message } = sb.push(before.replica)(r.replica)
    // a reopened replica holds copies: by identity they would all be new
    const told = new Set(heldBy(before).map(nameOf))
    const isNew = (update: unknown): boolean => !told.has(nameOf(plain(update as Wire)))
    return sb.encodeMessage({ ...message, updates: updates.filter(isNew), unread: unread.filter(isNew) })
  },
  tell: (stamp) => (r) => {
    const sb = sbOf(r.policy)
    const updates = [...sb.history()(r.replica), ...sb.unread(r.replica)].filter(
      (u) => u[1] === stamp[0] && u[2] === stamp[1],
    )
    return { digest: sb.digest(r.replica), updates }
  },
  merge: (other) => (r) => {
    const sb = sbOf(r.policy)
    const merged = sb.merge(other.policy.reads === r.policy.reads ? other.replica : reopened(sb, other.replica))
    const next = put(r, merged(r.replica))
    // an old version that catches up with the head has heard what the head has
    const hasHeard = r.isRestored === true && r.replica.id === other.replica.id && other.isRestored !== true
    return hasHeard ? { replica: next.replica, policy: r.policy } : next
  },
  // Doc does not lapse: run with floors: false (ExpiryModel lapses by object, not by update)
  prune: () => (r) => r,
  settle: (sources) => (r) => put(r, sbOf(r.policy).settle(sources)(r.replica)),
  reread: (policy) => (r) => {
    const sb = sbOf(policy)
    const replica = policy.reads < r.policy.reads ? reopened(sb, r.replica) : sb.reread(r.replica)
    return { ...r, replica, policy }
  },
  digest: (r) => sbOf(r.policy).digest(r.replica),
  state: (r) => {
    const row = (Doc.toJSON(r.replica.state) as Record<string, Record<string, unknown>>)[ROW] ?? {}
    const shown = Object.entries(row).filter(([key]) => key !== 'id')
    return Object.fromEntries(shown.map(([key, value]) => [key, textOf(value)] as const).sort())
  },
  holds: heldBy,
  unread: (r) => sbOf(r.policy).unread(r.replica).length,
  says: (message) => {
    const { updates, complete, more, asks, at } = message as {
      updates: Wire[]
      complete?: true
      more?: true
      asks?: true
      at?: [number, string]
    }
    return {
      updates: updates.map((u) => nameOf(plain(u))),
      complete: complete ?? false,
      more: more ?? false,
      asks: asks ?? false,
      at,
    }
  },
}
