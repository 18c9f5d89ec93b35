/** What changed between two texts, as patches, and patches as edits. */
import { replaced, type Patch, type Replaced, type Spliced } from '../../core/Patch.js'
import type { Timestamp } from '../../core/Timestamp.js'
import type { SourceId } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import { Splices, wholly } from '../parts/patches.js'
import { isHigh, replacement } from './codeUnits.js'
import type { Command } from './commands.js'
import { changesByUnit } from './differences.js'
import * as Doc from './Doc.js'
import { withoutMarks, type Step } from './marks.js'
import { slice } from './read.js'
import { spliceUnits, textOf, unitsOf, type Unit } from './restored.js'
import { whole, type State } from './State.js'

/**
 * The splices of UTF-16 code units, in ascending order; none cuts a surrogate pair. Marks do not
 * count. Costs as `changesSince`.
 *
 * @example
 * const pad = scuttlebutt(Text)
 * const [, one] = unwrap(pad.change(Text.insert(0, 'Hi'), 1000)(pad.create('ann')))
 * const [, two] = unwrap(pad.change(Text.insert(1, 'o'), 1001)(one))
 * Text.diff(one.state)(two.state) // => [{ at: [], splice: 1, removed: [], inserted: ['o'] }]
 */
export const diff =
  (before: State) =>
  (after: State): ReadonlyArray<Spliced<readonly [], string>> =>
    diffing(leastly, before, after)

/** Leaves out what went and came back at the ends of a splice. */
const leastly: typeof wholly = ([removed, inserted]) => {
  const { from, to } = replacement(removed.join(''), inserted.join(''))
  return [from, removed.length - to]
}

const diffing = (ends: typeof wholly, before: State, after: State): ReadonlyArray<Spliced<readonly [], string>> => {
  const splices = new Splices<string>(ends)
  let shift = 0
  for (const { from, to, insert } of changesByUnit(before, after)) {
    splices.add(from + shift, slice(from, to)(before).split(''), insert.split(''))
    shift += insert.length - (to - from)
  }
  const unitOf = (state: State) => (index: number) => slice(index, index + 1)(state)
  return splices.done(unitOf(before), unitOf(after))
}

/** Which marks of a source count, by the stamps that began them. */
type Bound = { readonly upTo: Timestamp } | { readonly below: Timestamp }

type Marked = Replaced<readonly [kind: '*', source: SourceId], Bound>

/**
 * As {@link diff}, by unit: one in the place of an equal one is another. Code units near marks come
 * with their attributes, and those of what is typed behind them: `[unit, attributes, behind]`.
 * Then, for each source whose marks came or went, which of them count: a patch `{ at: ['*',
 * source], before, after }`. Costs as `diff`, and O(k log m log n) for k of m marks that came, went
 * or are near.
 */
export const fullDiff =
  (before: State) =>
  (after: State): ReadonlyArray<Spliced<readonly [], Unit> | Marked> => {
    const marked = new Map<SourceId, Marked>()
    const [old, now] = [whole(before).marks, whole(after).marks]
    // oldest first
    for (const [{ first, source }, went, came] of SortedMap.differences(Doc.byMark, old, now)) {
      if (went && came) continue
      const known = marked.get(source)
      const [without, including] = [{ below: first }, { upTo: first }]
      const [from, to] = came ? [known?.before ?? without, including] : [including, known?.after ?? without]
      marked.set(source, replaced(['*', source], from, to))
    }
    const splices = diffing(wholly, before, after)
    const areBare = SortedMap.size(old) + SortedMap.size(now) === 0
    return [...(areBare ? splices : withMarks(splices, before, after)), ...marked.values()]
  }

const withMarks = (
  splices: ReadonlyArray<Spliced<readonly [], string>>,
  before: State,
  after: State,
): ReadonlyArray<Spliced<readonly [], Unit>> => {
  const [was, is] = [unitsOf(before), unitsOf(after)]
  let shift = 0
  return splices.map(({ at, splice: index, removed, inserted }) => {
    const units = { removed: was(index - shift, removed), inserted: is(index, inserted) }
    shift += inserted.length - removed.length
    return { at, splice: index, ...units }
  })
}

/**
 * One command that takes back the marks that no longer count. Then an edit for each splice, or
 * several for a long one; what they insert has the marks that the patch says, and no others.
 * O(size).
 */
export const patch = (patches: ReadonlyArray<Patch>): ReadonlyArray<Command> => {
  const edits: Command[] = []
  const steps = new Map<SourceId, Step>()
  for (const one of patches) {
    if ('splice' in one) edits.push(...splicesOf(one as Spliced<readonly [], Unit>))
    else {
      const { at, before, after } = one as Marked
      if (!after || !('below' in after)) continue
      // several are parts of one step
      const { first, last } = steps.get(at[1]) ?? { first: Infinity, last: 0 }
      const newest = before && 'upTo' in before ? before.upTo : after.below
      steps.set(at[1], { first: Math.min(first, after.below), last: Math.max(last, newest) })
    }
  }
  return steps.size > 0 ? [withoutMarks(steps), ...edits] : edits
}

/** In pieces that one update can carry. None ends within a pair of surrogates. */
const splicesOf = ({ splice: offset, removed, inserted }: Spliced<readonly [], Unit>): ReadonlyArray<Command> => {
  const commands: Command[] = []
  let from = 0
  do {
    let end = from + MOST_UNITS
    if (isHigh(textOf(inserted.slice(end - 1, end)).charCodeAt(0))) end++
    commands.push(spliceUnits(offset + from, from === 0 ? removed.length : 0, inserted.slice(from, end)))
    from = end
  } while (from < inserted.length)
  return commands
}

/** At most six bytes of JSON each. */
const MOST_UNITS = 1 << 16
