/** The edits that turn one list of lines into another. */
import { diffArrays } from 'diff'

/** Replaces `count` lines from `index` on. */
export interface Edit {
  readonly index: number
  count: number
  lines: ReadonlyArray<string>
}

type Lines = ReadonlyArray<string>

/** With more lines than this removed and added, the search for the fewest edits gives up. */
const MAX_EDITS = 2000

/**
 * The edits from the lines `old`, which start at `index`, to the lines `made`: the fewest, if no
 * more than 2,000 lines are removed and added. Beyond that the lines that occur once in both anchor
 * the rest. O(n d) for n lines and d different ones, up to 2,000, and O(n log n).
 */
export const between = (old: Lines, made: Lines, index: number): ReadonlyArray<Edit> => {
  const least = Math.min(old.length, made.length)
  let head = 0
  while (head < least && old[head] === made[head]) head++
  let tail = 0
  while (tail < least - head && old[old.length - 1 - tail] === made[made.length - 1 - tail]) tail++
  const [from, to] = [old.slice(head, old.length - tail), made.slice(head, made.length - tail)]
  if (from.length === 0 && to.length === 0) return []
  const chunks = diffArrays(from, to, { maxEditLength: MAX_EDITS })
  return chunks === undefined ? anchored(from, to, index + head) : editsOf(chunks, index + head)
}

type Chunks = NonNullable<ReturnType<typeof diffArrays<string>>>

const editsOf = (chunks: Chunks, index: number): ReadonlyArray<Edit> => {
  const edits: Edit[] = []
  let edit: Edit | undefined
  let at = index
  for (const { value, added, removed } of chunks) {
    if (!added && !removed) edit = undefined
    else if (edit === undefined) edits.push((edit = { index: at, count: 0, lines: [] }))
    if (!added) at += value.length
    if (removed) edit!.count += value.length
    if (added) edit!.lines = [...edit!.lines, ...value]
  }
  return edits
}

/** The edits between lines that occur once in both. Stretches of one length pair up. */
const anchored = (from: Lines, to: Lines, index: number): ReadonlyArray<Edit> => {
  const edits: Edit[] = []
  let [i, j] = [0, 0]
  const replaceUpTo = (end: number, otherEnd: number): void => {
    const [old, made] = [from.slice(i, end), to.slice(j, otherEnd)]
    if (old.length !== made.length) edits.push({ index: index + i, count: old.length, lines: made })
    else old.forEach((line, k) => line !== made[k] && edits.push({ index: index + i + k, count: 1, lines: [made[k]!] }))
  }
  for (const [at, other] of ascending(onceInBoth(from, to))) {
    replaceUpTo(at, other)
    ;[i, j] = [at + 1, other + 1]
  }
  replaceUpTo(from.length, to.length)
  return edits
}

type Pair = readonly [at: number, other: number]

/** The places of the lines that occur once in both, in the order of the first. O(n). */
const onceInBoth = (from: Lines, to: Lines): ReadonlyArray<Pair> => {
  const placesIn = (lines: Lines): Map<string, number> => {
    const places = new Map<string, number>()
    lines.forEach((line, i) => places.set(line, places.has(line) ? -1 : i))
    return places
  }
  const others = placesIn(to)
  return [...placesIn(from)].flatMap(([line, at]): Pair[] => {
    const other = others.get(line) ?? -1
    return at < 0 || other < 0 ? [] : [[at, other]]
  })
}

/**
 * A longest part of the pairs whose second members ascend. O(n log n).
 *
 * Source: patience sorting, as in Fredman, "On computing the length of longest increasing
 * subsequences" (1975).
 */
const ascending = (pairs: ReadonlyArray<Pair>): ReadonlyArray<Pair> => {
  interface Step {
    readonly pair: Pair
    readonly before: Step | undefined
  }
  const tops: Step[] = []
  for (const pair of pairs) {
    let [low, high] = [0, tops.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (tops[middle]!.pair[1] < pair[1]) low = middle + 1
      else high = middle
    }
    tops[low] = { pair, before: tops[low - 1] }
  }
  const longest: Pair[] = []
  for (let step = tops[tops.length - 1]; step !== undefined; step = step.before) longest.push(step.pair)
  return longest.reverse()
}
