/** What changed between two texts, as patches, and patches as edits. */
import type { Patch, Spliced } from '../../core/Patch.js'
import { Splices } from '../parts/patches.js'
import { replacement } from './codeUnits.js'
import { splice, type Command } from './commands.js'
import { changesSince } from './differences.js'
import { slice } from './read.js'
import type { State } from './State.js'

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
  (after: State): ReadonlyArray<Spliced<readonly [], string>> => {
    const splices = new Splices<string>(([removed, inserted]) => {
      const { from, to } = replacement(removed.join(''), inserted.join(''))
      return [from, removed.length - to]
    })
    let shift = 0
    for (const { from, to, insert } of changesSince(before)(after)) {
      splices.add(from + shift, slice(from, to)(before).split(''), insert.split(''))
      shift += insert.length - (to - from)
    }
    const unitOf = (state: State) => (index: number) => slice(index, index + 1)(state)
    return splices.done(unitOf(before), unitOf(after))
  }

/** An edit for each patch. */
export const patch = (patches: ReadonlyArray<Patch>): ReadonlyArray<Command> =>
  (patches as ReadonlyArray<Spliced<readonly [], string>>).map(({ splice: at, removed, inserted }) =>
    splice(at, removed.length, inserted.join('')),
  )
