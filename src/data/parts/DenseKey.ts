/**
 * Keys between keys: strings in the alphabet of npm `between`, in UTF-16 code unit order. So this
 * library and the original family can insert between each other's keys.
 *
 * A source that begins to write at a place makes a stem: a position between the neighbours, and a
 * tag that names the source and the stamp. Two sources that begin at one place may choose one
 * position, but not one stem. The first item has the key `stem V`. What the source writes on, to
 * the right or to the left of its own, goes below its stem: `stem W`, `stem X`, `stem U`. So all
 * that one source writes at a place, item by item, shares a stem and stays together.
 *
 * Who inserts between two items of somebody else's stem begins below the left one: `key 0 stem V`.
 * The owner of a stem never makes a key that begins with `key 0`. So whatever it writes there at
 * the same time lies on one side, unbroken.
 *
 * Below a stem a key is a position, one step from the neighbour, and three digits that name the
 * timestamp: a source that lost its newest data and writes on makes other keys than before.
 * Repeated insertions at one spot count on in one run of digits, whose width doubles when it
 * overflows: n of them make keys of O(log n) digits. So do insertions on either side of the last
 * one in turn, below one stem. Sides chosen at random add a digit each: no scheme without renaming
 * avoids that. Two sources that take turns between two items of a third nest their stems, up to
 * {@link LONG} characters; then new stems stand side by side, and what others write there at the
 * same time may come between them.
 *
 * Sources: that what is written together must stay together is from Weidner, Gentle and Kleppmann,
 * "The Art of the Fugue" (arXiv 2305.00583). LSEQ (Nédelec et al., DocEng 2013) chooses the
 * direction at random; here the age of the neighbours chooses it.
 */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import * as Json from '../../core/Json.js'
import { before as isBefore, type Stamp, type Update } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import { above, ALPHABET, below, shared } from './digits.js'
import { mark, MARK_LENGTH, nonce } from './tag.js'

export { ALPHABET } from './digits.js'
export { tag } from './tag.js'

/** Keys lie above `!` and below `~`: beyond these the original's `between` never returns. */
const CEILING = '~'

const MIDDLE = 'V'

/** Begins the stems of others below a key. */
const GUEST = '0'

/** Above all that begins with {@link GUEST}. */
const ABOVE_GUESTS = '0~'

const STAMP_LENGTH = 6

const TAG_LENGTH = MARK_LENGTH + STAMP_LENGTH

const NONCE_LENGTH = 3

/** A key that is this long begins no nested stem. */
export const LONG = 256

/** The most UTF-8 bytes of a key that a peer may send. */
export const MAX_BYTES = 4096

/** Whether a key has more than {@link MAX_BYTES}. O(1) for most keys. */
export const isTooLong = (key: string): boolean => key.length > MAX_BYTES / 3 && Json.bytes(key) > MAX_BYTES

/** An item beside the gap. */
export interface Neighbour {
  readonly key: string
  /** The update that wrote the item last. */
  readonly update: Update<unknown>
}

/** What is known of the gap beside its neighbours. It makes keys better, none is needed. */
export interface Surroundings {
  /** The keys of removed items: others may still insert beside them. */
  readonly removed?: SortedMap.SortedMap<string, unknown>
  /** The last writes of the items beyond the neighbours; undefined beyond an end. */
  readonly beyond?: () => Beyond
}

export type Beyond = readonly [Update<unknown> | undefined, Update<unknown> | undefined]

/**
 * The alphabet has no string between the keys of these two neighbours. Only keys that another
 * library made leave such a gap.
 */
export interface NoRoom {
  readonly _tag: 'NoRoom'
  readonly before: string | undefined
  readonly after: string | undefined
}

const NOTHING: Surroundings = {}

/** The place where an item goes. */
interface Gap {
  readonly before: Neighbour | undefined
  readonly after: Neighbour | undefined
  readonly removed: Surroundings['removed']
  readonly beyond: Surroundings['beyond']
}

/**
 * `count` ascending keys in the gap between two neighbours. An undefined neighbour is an end.
 *
 * O(length of the neighbours' keys) each, and O(log n) for n removed. A key is at most 13 digits
 * longer than its position; those of a run are log64 `count` digits longer. Errors: `NoRoom`.
 *
 * @example
 * import { either as E } from 'fp-ts'
 * const [first] = unwrap(between(undefined, undefined, 1, { timestamp: 1000, source: 'ann' }))
 * const last = { key: first, update: [{}, 1000, 'ann'] }
 * const [second] = unwrap(between(last, undefined, 1, { timestamp: 1001, source: 'ann' }))
 * first < second // => true
 * const [a, b] = ['a', 'a!'].map((key) => ({ key, update: [{}, 1, 'ben'] }))
 * const refused = between(a, b, 1, { timestamp: 2, source: 'ann' })
 * refused // => E.left({ _tag: 'NoRoom', before: 'a', after: 'a!' })
 */
export const between = (
  before: Neighbour | undefined,
  after: Neighbour | undefined,
  count: number,
  stamp: Stamp,
  { removed, beyond }: Surroundings = NOTHING,
): E.Either<NoRoom, ReadonlyArray<string>> => {
  const key = keyIn({ before, after, removed, beyond }, stamp)
  return key === undefined ? left({ _tag: 'NoRoom', before: before?.key, after: after?.key }) : right(run(key, count))
}

const keyIn = (gap: Gap, { timestamp, source }: Stamp): string | undefined => {
  const { before, after } = gap
  const own = mark(source)
  const [newer, older] = isAscending(before, after) ? [before, after] : [after, before]
  for (const neighbour of [newer, older]) {
    const stem = neighbour && stemIn(neighbour.key, own)
    const position = stem && belowStem(stem, gap)
    const key = position && stem + position + nonce(timestamp, NONCE_LENGTH)
    if (key && fits(key, gap)) return key
  }
  const tag = own + nonce(timestamp, STAMP_LENGTH) + MIDDLE
  for (const position of positions(gap)) if (fits(position + tag, gap)) return position + tag
  return undefined
}

/** Whether the item before the gap was written later than the one after it. */
const isAscending = (before: Neighbour | undefined, after: Neighbour | undefined): before is Neighbour =>
  before !== undefined && (after === undefined || !isBefore(before.update, after.update))

const fits = (key: string, { before, after }: Gap): boolean =>
  (before === undefined || before.key < key) && (after === undefined || key < after.key)

/** The innermost stem of a source in a key, if there is one. */
const stemIn = (key: string, own: string): string | undefined => {
  const at = key.lastIndexOf(own)
  // at 0 there is no position before the tag, and behind the tag there is at least one digit
  return at > 0 && at + TAG_LENGTH < key.length && at < LONG ? key.slice(0, at + TAG_LENGTH) : undefined
}

/** A position in the gap, of a key below a stem of one's own. Undefined if there is none. */
const belowStem = (stem: string, gap: Gap): string | undefined => {
  const { before, after, removed, beyond } = gap
  const isLow = before?.key.startsWith(stem) === true
  const isHigh = after?.key.startsWith(stem) === true
  let low = isLow ? before.key : stem
  let high = isHigh ? after.key : stem + CEILING
  // the last two items of the source, one on each side: its next ones will go between them
  const isBetween =
    isLow && isHigh && beyond?.().every((update) => isOlder(update, before) && isOlder(update, after)) === true
  const ascending = isLow && (!isHigh || isAscending(before, after) !== isBetween)
  if (removed !== undefined && SortedMap.size(removed) > 0) {
    const beside = SortedMap.rank(SortedMap.byText, removed, ascending ? high : low) - (ascending ? 1 : 0)
    const ghost = SortedMap.entryAt(removed, beside)?.[0]
    if (ghost !== undefined && low < ghost && ghost < high) [low, high] = ascending ? [ghost, high] : [low, ghost]
  }
  if (isWithGuests(low.slice(stem.length, shared(low, high)))) return undefined
  const from = low === stem ? '' : low.slice(stem.length) + ABOVE_GUESTS
  const to = high.slice(stem.length)
  return from < to ? (ascending ? above(from, to) : below(from, to)) : undefined
}

/**
 * Whether digits below a stem may hold the stem of a guest: a key, `0`, a position, a tag. There
 * the guest makes keys too, and one without a tag of one's own could be the guest's next.
 */
const isWithGuests = (digits: string): boolean => {
  const guest = digits.indexOf(GUEST, 1)
  return guest > 0 && guest + 1 + TAG_LENGTH < digits.length
}

const isOlder = (update: Update<unknown> | undefined, than: Neighbour): boolean =>
  update === undefined || isBefore(update, than.update)

/** Positions of a new stem, best first. One of them fits if any does. */
function* positions({ before, after }: Gap): Iterable<string> {
  if (before === undefined && after === undefined) yield MIDDLE
  // a key of another library may lie above the ceiling; nothing bounds the keys above that one
  const low = before?.key ?? ''
  const high = after?.key ?? (low < CEILING ? CEILING : undefined)
  // the two share a tag: others may be writing between them
  if (after !== undefined && low.length < LONG && shared(low, after.key) > TAG_LENGTH) {
    const zone = low + GUEST
    yield zone + (after.key.startsWith(zone) ? below('', after.key.slice(zone.length)) : MIDDLE)
  }
  const ways = high === undefined ? [above] : isAscending(before, after) ? [above, below] : [below, above]
  for (const way of ways) yield way(low, high!)
}

/** The keys of a run: the key alone for one, else the key and a number of fixed width. */
const run = (key: string, count: number): readonly string[] => {
  if (count === 1) return [key]
  let width = 0
  while (64 ** width < count) width++
  return Array.from({ length: count }, (_, i) => {
    let digits = ''
    for (let rest = i, j = 0; j < width; j++, rest = Math.floor(rest / 64)) digits = ALPHABET[1 + (rest % 64)]! + digits
    return key + digits
  })
}
