/**
 * A small model of the rules of a clock that is never wrong: digests, rounds and conversations, by
 * rules 2, 4 and 5 of the design. `replica.ts` has the other rules of messages, `stream.ts` rule 6.
 *
 * Where the design can be read in several ways, a comment says which reading is taken.
 */
import {
  compare,
  compareStamps,
  compareText,
  held,
  isDoubted,
  nameOf,
  sameStamp,
  seenOf,
  stampOf,
  sureOf,
  takeAll,
  withSure,
  type Replica,
  type Stamp,
  type Update,
} from './replica.js'

/** The stamps held of a source up to `upTo`, from the end of the piece before. */
export type Piece = readonly [upTo: number, print: string]

export interface Position {
  readonly clock: Readonly<Record<string, number>>
  readonly floor?: number
  readonly doubt?: Readonly<Record<string, ReadonlyArray<Piece>>>
  readonly after?: Stamp
}

export type Digest = Position & { readonly id: string }

export interface Message {
  readonly digest: Digest
  readonly updates: ReadonlyArray<Update>
  readonly since?: Position
  readonly complete?: true
  readonly more?: true
  readonly at?: Stamp
  readonly asks?: true
}

/** The ingredients of the rules. A mutant lacks one. */
export interface Rules {
  /** The most contents in a piece, but for more of one stamp. */
  readonly maxPiece: number
  /** The prints that a message answers are compared again before it is taken. */
  readonly prints: boolean
  /** A round of which something was refused claims nothing. */
  readonly refusal: boolean
  /** A peer does not claim what it let go. */
  readonly floors: boolean
  /** An answer to one who had let go of more is no round. */
  readonly sinceFloor: boolean
  /** A round is all in one message. */
  readonly complete: boolean
  /** A reply says how far the doubted updates went. */
  readonly after: boolean
  /** An answer that changed nothing and does not ask is not answered. */
  readonly silence: boolean
  /** A reply to a cut answer asks only if that answer changed something or went on. */
  readonly asks: boolean
  /** Streams: a wrong count ends them. */
  readonly count: boolean
  /** Streams: no claim counts after a refusal. */
  readonly distrust: boolean
  /** Streams: told is what was sent, not what a clock covers. */
  readonly byUpdates: boolean
  /** Streams: a claim is left out only where the peer infers it. */
  readonly claims: boolean
}

export const allRules: Rules = {
  maxPiece: 16,
  prints: true,
  refusal: true,
  floors: true,
  sinceFloor: true,
  complete: true,
  after: true,
  silence: true,
  asks: true,
  count: true,
  distrust: true,
  byUpdates: true,
  claims: true,
}

const START: Stamp = [0, '']

// Rule 2: digests, and what a digest lacks

/** What is held of a source within (from, to]. */
const run = (r: Replica, source: string, from: number, to: number): ReadonlyArray<Update> =>
  held(r).filter((update) => update.source === source && update.ts > from && update.ts <= to)

/** Every content counts: a stamp with two contents is there twice. */
const printOf = (updates: ReadonlyArray<Update>): string => updates.map(({ ts }) => ts).join(' ')

/**
 * A piece closes at the stamp with which it has `maxPiece` contents or more. The last one goes up
 * to `seen`, also where nothing is held there.
 */
const piecesOf = (rules: Rules, r: Replica, source: string): ReadonlyArray<Piece> => {
  const seen = seenOf(r, source)
  const updates = run(r, source, sureOf(r, source), seen)
  const pieces: Piece[] = []
  let piece: Update[] = []
  updates.forEach((update, i) => {
    piece.push(update)
    if (piece.length < rules.maxPiece || update.ts === updates[i + 1]?.ts) return
    pieces.push([update.ts, printOf(piece)])
    piece = []
  })
  if (pieces.at(-1)?.[0] !== seen) pieces.push([seen, printOf(piece)])
  return pieces
}

export const digest =
  (rules: Rules) =>
  (r: Replica): Digest => {
    const doubt = Object.fromEntries(
      [...r.seen.keys()]
        .filter((source) => isDoubted(r, source))
        .sort()
        .map((source) => [source, piecesOf(rules, r, source)]),
    )
    return {
      id: r.id,
      clock: Object.fromEntries([...r.sure].sort(([a], [b]) => compareText(a, b))),
      ...(r.floor > 0 && { floor: r.floor }),
      ...(Object.keys(doubt).length > 0 && { doubt }),
    }
  }

/** A digest without its id: what an answer repeats. */
const positionOf = ({ clock, floor, doubt, after }: Digest): Position => ({
  clock,
  ...(floor !== undefined && { floor }),
  ...(doubt !== undefined && { doubt }),
  ...(after !== undefined && { after }),
})

const doubtOf = ({ doubt = {} }: Position, source: string): ReadonlyArray<Piece> => doubt[source] ?? []

const sureIn = ({ clock, floor = 0 }: Position, source: string): number => Math.max(clock[source] ?? 0, floor)

const seenIn = (position: Position, source: string): number =>
  Math.max(doubtOf(position, source).at(-1)?.[0] ?? 0, sureIn(position, source))

/** What is held in the doubted pieces whose print is another here. */
const unlike = (r: Replica, position: Position): ReadonlyArray<Update> => {
  const updates: Update[] = []
  for (const source of Object.keys(position.doubt ?? {})) {
    let from = sureIn(position, source)
    for (const [upTo, print] of doubtOf(position, source)) {
      const mine = run(r, source, from, upTo)
      if (printOf(mine) !== print) updates.push(...mine)
      from = upTo
    }
  }
  return updates.sort(compare)
}

/** Both parts of an answer, each oldest first, without regard to `after`. */
export const lacking =
  (position: Position) =>
  (r: Replica): { readonly fresh: ReadonlyArray<Update>; readonly doubted: ReadonlyArray<Update> } => ({
    fresh: held(r).filter(({ ts, source }) => ts > seenIn(position, source)),
    doubted: unlike(r, position),
  })

/** Whether a message that answers `since` is a round for this replica, before it takes anything. */
const fits = (rules: Rules, since: Position, r: Replica): boolean => {
  if (rules.sinceFloor && r.floor < (since.floor ?? 0)) return false
  if (Object.entries(since.clock).some(([source, ts]) => sureOf(r, source) < ts)) return false
  if (!rules.prints) return true
  return Object.entries(since.doubt ?? {}).every(([source, pieces]) => {
    if (sureOf(r, source) >= pieces.at(-1)![0]) return true
    const starts = [sureIn(since, source), ...pieces.map(([upTo]) => upTo)]
    return pieces.every(([upTo, print], i) => printOf(run(r, source, starts[i]!, upTo)) === print)
  })
}

/** The first message of a talk. */
export const open =
  (rules: Rules) =>
  (r: Replica): Message => ({ digest: digest(rules)(r), updates: [] })

/** What came since an older version, to be told to anybody. */
export const push =
  (rules: Rules, before: Replica) =>
  (r: Replica): Message => ({
    digest: digest(rules)(r),
    updates: held(r).filter((update) => !before.log.has(nameOf(update))),
    since: { clock: Object.fromEntries(before.seen), ...(before.floor > 0 && { floor: before.floor }) },
    complete: true,
  })

// Rule 4: the end of a round

/** Raises `sure` at the end of a whole round with a peer that was sure up to `k`, above `floor`. */
export const raise = (rules: Rules, k: Readonly<Record<string, number>>, floor: number, r: Replica): Replica => {
  let next = r
  for (const [source, ts] of Object.entries(k)) {
    if (rules.floors && sureOf(r, source) < floor) continue
    next = withSure(next, source, Math.min(ts, seenOf(r, source)))
  }
  if (!r.restored || (rules.floors && sureOf(r, r.id) < floor)) return next
  return { ...withSure(next, r.id, seenOf(r, r.id)), restored: false }
}

// Rule 5: conversations

/** Whether a peer claims, or prints, what is not known to be reflected here. */
const mayLack = (r: Replica, position: Position): boolean =>
  Object.entries(position.clock).some(([source, ts]) => ts > sureOf(r, source)) ||
  Object.keys(position.doubt ?? {}).some((source) => {
    let from = sureIn(position, source)
    return doubtOf(position, source).some(([upTo, print]) => {
      const isLike = upTo <= sureOf(r, source) || printOf(run(r, source, from, upTo)) === print
      from = upTo
      return !isLike
    })
  })

/** Takes a message. Also gives the answer, if one is due. */
export const reconcile =
  (rules: Rules, message: Message, budget = Infinity) =>
  (r: Replica): readonly [Replica, Message | undefined] => {
    const { since } = message
    const isWhole = since !== undefined && (message.complete === true || !rules.complete) && fits(rules, since, r)
    const [taken, isRefused] = takeAll(r, message.updates)
    const isRound = isWhole && !(isRefused && rules.refusal)
    const next = isRound ? raise(rules, message.digest.clock, message.digest.floor ?? 0, taken) : taken
    return [next, answerTo(rules, message, budget, next, isOther(r, next))]
  }

/**
 * Whether two versions differ in what a peer could see: that a store was restored is no such thing.
 */
const isOther = (a: Replica, b: Replica): boolean =>
  Object.keys(b).some((key) => key !== 'restored' && a[key as keyof Replica] !== b[key as keyof Replica])

/** Contents of one doubted stamp have one place, so they go together. */
const withContents = (left: ReadonlyArray<Update>, doubtedFrom: number, budget: number): number => {
  let to = budget
  while (to > doubtedFrom && to < left.length && sameStamp(left[to]!, left[to - 1]!)) to++
  return to
}

const answerTo = (
  rules: Rules,
  message: Message,
  budget: number,
  r: Replica,
  hasChanged: boolean,
): Message | undefined => {
  const { since, at } = message
  const isAnswer = since !== undefined
  const isFurther = at !== undefined && compareStamps(at, since?.after ?? START) > 0
  // a cut answer that moved nothing at all would come again for ever
  const goesOn = message.more === true && (hasChanged || isFurther)
  if (rules.silence && isAnswer && !hasChanged && message.asks !== true && !goesOn) return undefined

  const { fresh, doubted } = lacking(message.digest)(r)
  const after = message.digest.after ?? START
  const rest = doubted.filter((update) => compareStamps(stampOf(update), after) > 0)
  const left = [...fresh, ...rest]
  const updates = left.slice(0, withContents(left, fresh.length, Math.max(1, budget)))
  const isCut = updates.length < left.length
  const isComplete = updates.length === fresh.length + doubted.length
  const isSurer = Object.keys(message.digest.doubt ?? {}).some((s) => sureOf(r, s) > sureIn(message.digest, s))
  const isMereDigestDue = !isAnswer && mayLack(r, message.digest)
  if (updates.length === 0 && !goesOn && !(isComplete && isSurer) && !isMereDigestDue) return undefined
  const last = updates.slice(fresh.length).at(-1)
  // what was told once in this conversation is not told again
  const told = goesOn && at !== undefined ? at : since?.after
  return {
    digest: { ...digest(rules)(r), ...(told !== undefined && rules.after && { after: told }) },
    updates,
    since: positionOf(message.digest),
    ...(isComplete && { complete: true as const }),
    ...(isCut && { more: true as const, at: last === undefined ? START : stampOf(last) }),
    ...((!isAnswer || goesOn || (message.more === true && !rules.asks)) && { asks: true as const }),
  }
}
