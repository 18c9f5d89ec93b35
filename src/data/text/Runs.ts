/**
 * The runs of a text by their serials: they are only ever appended, in chunks. Versions share the
 * last chunk; each sees as many of its runs as it counts.
 */
import type { SourceId } from '../../core/Update.js'
import * as Ranges from './Ranges.js'

/** Names a stroke: the timestamp of the update that began it, and its source. */
export interface Key {
  readonly first: number
  readonly source: SourceId
}

/**
 * Units that one operation inserted at once: `k` and serials follow on. The left of each but the
 * first is the unit before; the right is that of the operation.
 */
export interface Run {
  readonly serial: number
  readonly length: number
  readonly key: Key
  readonly k: number
  readonly left: number
  readonly right: number
  /** The text of the operation; that of the run begins at `at`. */
  readonly text: string
  readonly at: number
  /** Of the leaf into which the units were put. */
  readonly label: number
}

export interface Runs {
  /** Full chunks, by their first serials. */
  readonly chunks: Ranges.Ranges<readonly Run[]>
  /** At least `count` runs. Versions that do not count a run must not see it. */
  readonly tail: Run[]
  readonly count: number
}

/** The runs of a chunk. Tests lower it. */
export const sizes = { chunk: 64 }

export const empty: Runs = { chunks: Ranges.empty(), tail: [], count: 0 }

/** With one more run behind all others. Amortised O(1). */
export const append = ({ chunks, tail, count }: Runs, run: Run, owner: object): Runs => {
  // another version may have gone on, or somebody may have frozen this one
  const own = tail.length === count && Object.isExtensible(tail) ? tail : tail.slice(0, count)
  own.push(run)
  return count + 1 < sizes.chunk
    ? { chunks, tail: own, count: count + 1 }
    : { chunks: Ranges.set(chunks, own[0]!.serial, own, owner), tail: [], count: 0 }
}

/** The run that holds a unit, which must be there. O(log n). */
export const get = ({ chunks, tail, count }: Runs, serial: number): Run =>
  count > 0 && serial >= tail[0]!.serial ? within(tail, count, serial) : within(Ranges.get(chunks, serial)!, 0, serial)

const within = (runs: readonly Run[], count: number, serial: number): Run => {
  let low = 1
  let high = count === 0 ? runs.length : count
  if (runs[high - 1]!.serial <= serial) return runs[high - 1]!
  while (low < high) {
    const middle = (low + high) >> 1
    if (runs[middle]!.serial <= serial) low = middle + 1
    else high = middle
  }
  return runs[low - 1]!
}

/** Calls `visit` for each run. O(n). */
export const forEach = ({ chunks, tail, count }: Runs, visit: (run: Run) => void): void => {
  Ranges.forEach(chunks, (chunk) => {
    chunk.forEach(visit)
  })
  for (let i = 0; i < count; i++) visit(tail[i]!)
}

/** From runs in order. O(n). */
export const of = (runs: ReadonlyArray<Run>): Runs => {
  const chunks: Run[][] = []
  for (let i = 0; i + sizes.chunk <= runs.length; i += sizes.chunk) chunks.push(runs.slice(i, i + sizes.chunk))
  const tail = runs.slice(chunks.length * sizes.chunk)
  return {
    chunks: Ranges.of(
      chunks.map(([first]) => first!.serial),
      chunks,
    ),
    tail,
    count: tail.length,
  }
}
