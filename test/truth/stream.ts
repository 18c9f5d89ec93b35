/**
 * Streams of the model, by rule 6: one side of a stream as a value. And the side of an original,
 * npm `scuttlebutt`, which knows no `SURE`.
 */
import { digest, lacking, raise, type Digest, type Rules } from './model.js'
import {
  compare,
  held,
  nameOf,
  seenOf,
  sureOf,
  takeAll,
  write,
  type Replica,
  type Update,
  type Writes,
} from './replica.js'

type Claims = Readonly<Record<string, number>>

export type Line =
  | { readonly line: 'ours' }
  | { readonly line: 'header'; readonly digest: Digest }
  | { readonly line: 'update'; readonly update: Update }
  /** A line that begins with `[` and is no update. */
  | { readonly line: 'damaged' }
  | { readonly line: 'sync' }
  | {
      readonly line: 'sure'
      readonly number: number
      readonly count: number
      readonly claims: Claims
      readonly floor?: number
    }

export interface Side {
  readonly begun: boolean
  /** The peer's header. */
  readonly peer: Digest | undefined
  readonly isOurs: boolean
  /** The updates that the peer told us, was told, or held by its header. */
  readonly told: ReadonlySet<string>
  /** Of the sources sent and received, the newest stamps: what a teller by clocks would go by. */
  readonly passed: Claims
  readonly synced: boolean
  /** Lines with `[` since the last `SURE`: sent and received. */
  readonly sent: number
  readonly came: number
  /** The `SURE` lines sent and received. */
  readonly suresSent: number
  readonly suresCame: number
  /** The newest stamps since the last `SURE`: sent and received. */
  readonly newestSent: Claims
  readonly newestCame: Claims
  /** What we told of our sureness, and what the peer told of its own. */
  readonly claimed: Claims
  readonly heard: Claims
  readonly claimedFloor: number
  readonly heardFloor: number
  readonly refused: boolean
  /** The peer is an original, and its SYNC came. */
  readonly live: boolean
  /** A line was lost. The stream ends. */
  readonly broken: boolean
}

export const idle: Side = {
  begun: false,
  peer: undefined,
  isOurs: false,
  told: new Set(),
  passed: {},
  synced: false,
  sent: 0,
  came: 0,
  suresSent: 0,
  suresCame: 0,
  newestSent: {},
  newestCame: {},
  claimed: {},
  heard: {},
  claimedFloor: 0,
  heardFloor: 0,
  refused: false,
  live: false,
  broken: false,
}

const advanced = (clock: Claims, { ts, source }: Update): Claims =>
  (clock[source] ?? 0) >= ts ? clock : { ...clock, [source]: ts }

/**
 * What the receiver takes a sender to be sure of, where its `SURE` says nothing: the newest stamp
 * just sent, or what it said before if that is more. So a sender names each source for which that
 * is wrong, also one for which its own sureness did not change: it may have sent what it doubts.
 */
const inferred = (before: Claims, newest: Claims, source: string): number =>
  Math.max(before[source] ?? 0, newest[source] ?? 0)

/** What the log has that this stream was not told: fresh, then doubted, each oldest first. */
const untold = (rules: Rules, side: Side, peer: Digest, r: Replica): ReadonlyArray<Update> => {
  const isFresh = (update: Update): boolean => update.ts > (side.passed[update.source] ?? peer.floor ?? 0)
  const rest = held(r).filter((update) => !side.told.has(nameOf(update)))
  const fresh = rest.filter(isFresh)
  if (rules.byUpdates || !side.synced) return [...fresh, ...rest.filter((update) => !isFresh(update))]
  return fresh
}

/** Lines to send, with at most `max` updates. */
export const send = (rules: Rules, before: Side, r: Replica, max = Infinity): readonly [Side, ReadonlyArray<Line>] => {
  const mine = digest(rules)(r)
  const lines: Line[] = []
  let side = before
  if (!side.begun) {
    lines.push({ line: 'ours' }, { line: 'header', digest: mine })
    side = { ...side, begun: true, claimed: mine.clock, claimedFloor: r.floor }
  }
  if (side.peer === undefined) return [side, lines]
  const left = untold(rules, side, side.peer, r)
  for (const update of left.slice(0, max)) {
    lines.push({ line: 'update', update })
    side = {
      ...side,
      told: new Set([...side.told, nameOf(update)]),
      passed: advanced(side.passed, update),
      newestSent: advanced(side.newestSent, update),
      sent: side.sent + 1,
    }
  }
  if (left.length > max) return [side, lines]
  const [told, sure] = claim(rules, side, r)
  if (sure !== undefined) lines.push(sure)
  if (!side.synced) lines.push({ line: 'sync' })
  return [{ ...told, synced: true }, lines]
}

/** Nothing is left to send: what we are sure of now, unless the peer knows that already. */
const claim = (rules: Rules, side: Side, r: Replica): readonly [Side, Line | undefined] => {
  const claims: Record<string, number> = {}
  for (const source of r.seen.keys()) {
    const k = sureOf(r, source)
    const isInferred = inferred(side.claimed, side.newestSent, source) === k
    // by the letter of the rule: not what did not change, and not the newest stamp just sent
    const isMeant = (side.claimed[source] ?? 0) === k || side.newestSent[source] === k
    if (rules.claims ? !isInferred : !isMeant) claims[source] = k
  }
  const hasRisen = r.floor > side.claimedFloor
  if (side.synced && side.sent === 0 && Object.keys(claims).length === 0 && !hasRisen) return [side, undefined]
  const claimed = { ...side.claimed }
  const suresSent = side.suresSent + 1
  for (const source of r.seen.keys()) claimed[source] = sureOf(r, source)
  return [
    { ...side, claimed, claimedFloor: r.floor, suresSent, sent: 0, newestSent: {} },
    { line: 'sure', number: suresSent, count: side.sent, claims, ...(hasRisen && { floor: r.floor }) },
  ]
}

/** Takes a line from the peer. */
export const hear = (rules: Rules, side: Side, r: Replica, line: Line): readonly [Side, Replica] => {
  switch (line.line) {
    case 'ours':
      return [{ ...side, isOurs: true }, r]
    case 'header':
      return [greeted(side, r, line.digest), r]
    case 'damaged':
      return [{ ...side, came: side.came + 1, refused: true }, r]
    case 'update':
      return received(side, r, line.update)
    case 'sync':
      return side.isOurs || side.peer === undefined
        ? [side, r]
        : [{ ...side, live: true }, ended(rules, side, r, side.peer.clock, side.heardFloor)]
    case 'sure':
      return concluded(rules, side, r, line)
  }
}

const greeted = (side: Side, r: Replica, peer: Digest): Side => {
  const { fresh, doubted } = lacking(peer)(r)
  const toTell = new Set([...fresh, ...doubted].map(nameOf))
  const passed: Record<string, number> = { ...peer.clock }
  for (const [source, pieces] of Object.entries(peer.doubt ?? {})) passed[source] = pieces.at(-1)![0]
  return {
    ...side,
    peer,
    told: new Set([
      ...side.told,
      ...held(r)
        .map(nameOf)
        .filter((name) => !toTell.has(name)),
    ]),
    passed,
    heard: peer.clock,
    heardFloor: peer.floor ?? 0,
  }
}

const received = (side: Side, r: Replica, update: Update): readonly [Side, Replica] => {
  const wasSure = sureOf(r, update.source) === seenOf(r, update.source)
  const [next, isRefused] = takeAll(r, [update])
  const heard = {
    ...side,
    came: side.came + 1,
    newestCame: advanced(side.newestCame, update),
    passed: advanced(side.passed, update),
    told: new Set([...side.told, nameOf(update)]),
    refused: side.refused || isRefused,
  }
  if (!side.live || !wasSure || heard.refused) return [heard, next]
  return [heard, { ...next, sure: new Map([...next.sure, [update.source, seenOf(next, update.source)]]) }]
}

const ended = (rules: Rules, side: Side, r: Replica, claims: Claims, floor: number): Replica =>
  side.refused && rules.distrust ? r : raise(rules, claims, floor, r)

const concluded = (
  rules: Rules,
  side: Side,
  r: Replica,
  { number, count, claims, floor = side.heardFloor }: Line & { line: 'sure' },
): readonly [Side, Replica] => {
  if (rules.count && (count !== side.came || number !== side.suresCame + 1)) return [{ ...side, broken: true }, r]
  const heard: Record<string, number> = { ...side.heard }
  for (const source of Object.keys(side.newestCame)) heard[source] = inferred(heard, side.newestCame, source)
  Object.assign(heard, claims)
  // the opening line may have been lost, and SYNC of ours claims nothing
  const next = { ...side, isOurs: true, heard, heardFloor: floor, came: 0, suresCame: number, newestCame: {} }
  // the header was lost, and with it the floor of what the peer claims
  if (side.peer === undefined) return [next, r]
  return [next, ended(rules, side, r, heard, floor)]
}

// An original

/** An original takes what is newer than its clock of a source, and drops the rest. */
export interface Original {
  readonly replica: Replica
  /** What it takes, in order: each goes to every peer, also back to where it came from. */
  readonly taken: ReadonlyArray<Update>
}

export interface OriginalSide {
  readonly begun: boolean
  readonly greeted: boolean
  /** How far it has sent what it takes. */
  readonly sent: number
  readonly queue: ReadonlyArray<Line>
}

export const idleOriginal: OriginalSide = { begun: false, greeted: false, sent: 0, queue: [] }

/** Its clock has no doubt. */
const certain = (r: Replica): Replica => ({ ...r, sure: r.seen })

export const writeOriginal = (
  writes: Writes,
  now: number,
  { replica, taken }: Original,
): readonly [Update, Original] => {
  const [update, next] = write(writes, now)(replica)
  return [update, { replica: certain(next), taken: [...taken, update] }]
}

export const hearOriginal = (side: OriginalSide, original: Original, line: Line): readonly [OriginalSide, Original] => {
  const { replica, taken } = original
  if (line.line === 'header') {
    const history = held(replica)
      .filter(({ ts, source }) => ts > (line.digest.clock[source] ?? 0))
      .sort(compare)
      .map((update): Line => ({ line: 'update', update }))
    const queue: ReadonlyArray<Line> = [...side.queue, ...history, { line: 'sync' }]
    // 5.5.20 has sent what it took before the header
    return [{ ...side, greeted: true, queue, sent: taken.length }, original]
  }
  if (line.line !== 'update' || line.update.ts <= seenOf(replica, line.update.source)) return [side, original]
  const [next] = takeAll(replica, [line.update])
  return [side, { replica: certain(next), taken: [...taken, line.update] }]
}

/** Lines to send. `early`: 5.5.20 sends what it takes before the peer's header came. */
export const sendOriginal = (
  before: OriginalSide,
  { replica, taken }: Original,
  early: boolean,
  max = Infinity,
): readonly [OriginalSide, ReadonlyArray<Line>] => {
  let side = before
  const queue: Line[] = []
  if (!side.begun) {
    queue.push({ line: 'header', digest: { id: replica.id, clock: Object.fromEntries(replica.seen) } })
    side = { ...side, begun: true, sent: taken.length }
  }
  queue.push(...side.queue)
  if (side.greeted || early) {
    queue.push(...taken.slice(side.sent).map((update): Line => ({ line: 'update', update })))
    side = { ...side, sent: taken.length }
  }
  return [{ ...side, queue: queue.slice(max) }, queue.slice(0, max)]
}
