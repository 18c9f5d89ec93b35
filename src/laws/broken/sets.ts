/** Sets in which removals are lost, or come back. */
import * as fc from 'fast-check'
import { deltas, operations, states } from '../subjects/forms.js'
import { broken } from './Broken.js'

type Command = readonly ['add' | 'remove', string]

const command: fc.Arbitrary<Command> = fc.tuple(
  fc.constantFrom('add' as const, 'remove' as const),
  fc.constantFrom('x', 'y'),
)

const without = (items: ReadonlyArray<string>, gone: ReadonlyArray<string>): ReadonlyArray<string> =>
  items.filter((item) => !gone.includes(item))

const union = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): ReadonlyArray<string> =>
  [...a, ...without(b, a)].sort()

export const removeTakesAll = broken(
  {
    name: 'removeTakesAll',
    because:
      'add and remove of one element do not commute (Shapiro et al., INRIA RR-7506, section 3.3): a remove takes what it has never seen',
    law: 1,
    verdict: 'diverged',
  },
  operations({
    empty: [] as ReadonlyArray<string>,
    command,
    apply:
      ([verb, item]) =>
      (items) =>
        verb === 'add' ? union(items, [item]) : without(items, [item]),
  }),
)

interface TwoPhase {
  readonly added: ReadonlyArray<string>
  readonly removed: ReadonlyArray<string>
}

export const twoPhaseReAdds = broken(
  {
    name: 'twoPhaseReAdds',
    because:
      'a two-phase set that takes an element out of the removed ones to add it again: the next merge brings the removal back (Shapiro et al., INRIA RR-7506, section 3.3.2)',
    law: 14,
    verdict: 'unlawful',
  },
  states<TwoPhase, Command>({
    empty: { added: [], removed: [] },
    command,
    mutate:
      ([verb, item]) =>
      ({ added, removed }) =>
        verb === 'add'
          ? { added: union(added, [item]), removed: without(removed, [item]) }
          : { added, removed: union(removed, [item]) },
    merge:
      (other) =>
      ({ added, removed }) => ({ added: union(added, other.added), removed: union(removed, other.removed) }),
  }),
)

/** An element under each of its tags: `tag element`. */
type Tagged = ReadonlyArray<string>

const tagsOf = (item: string, tagged: Tagged): Tagged => tagged.filter((tag) => tag.endsWith(` ${item}`))

type Told = { readonly add: string } | { readonly remove: Tagged }

const observed = (tag: (where: { readonly id: string; readonly now: number }, count: number) => string) => ({
  empty: [] as Tagged,
  command,
  show: (tagged: Tagged) => [...new Set(tagged.map((one) => one.slice(-1)))].sort(),
  prepare:
    ([verb, item]: Command, where: { readonly id: string; readonly now: number }) =>
    (tagged: Tagged): Told =>
      verb === 'add' ? { add: `${tag(where, tagged.length)} ${item}` } : { remove: tagsOf(item, tagged) },
  apply: (told: Told) => (tagged: Tagged) => ('add' in told ? union(tagged, [told.add]) : without(tagged, told.remove)),
})

export const sharedTags = broken(
  {
    name: 'sharedTags',
    because:
      'an observed-remove set whose tags are wall-clock times, which two sources may share (Shapiro et al., INRIA RR-7506, section 3.3.5: unique)',
    law: 1,
    verdict: 'diverged',
  },
  operations({ ...observed(({ now }) => String(now)), delivery: { order: 'causal', copies: 'exactly once' } }),
)

interface Counted {
  readonly count: number
  readonly tagged: Tagged
}

const unique = observed(({ id }, count) => `${id}:${String(count)}`)

export const removesDropped = broken(
  {
    name: 'removesDropped',
    because:
      'a remove that comes before its add finds nothing and is dropped: an observed-remove set needs causal delivery (Shapiro et al., INRIA RR-7506, section 3.3.5), or to defer (Riak, dt_orswot)',
    law: 1,
    verdict: 'diverged',
  },
  operations<Counted, Command, Told>({
    command,
    empty: { count: 0, tagged: [] },
    show: ({ tagged }) => unique.show(tagged),
    prepare:
      (made, where) =>
      ({ count, tagged }) =>
        made[0] === 'add' ? { add: `${where.id}:${String(count)} ${made[1]}` } : { remove: tagsOf(made[1], tagged) },
    apply:
      (told) =>
      ({ count, tagged }) => ({ count: count + 1, tagged: unique.apply(told)(tagged) }),
    delivery: { order: 'source', copies: 'exactly once' },
  }),
)

/** Tags that live, and all tags ever seen: the causal context. */
interface Context {
  readonly live: Tagged
  readonly seen: Tagged
}

export const contextLost = broken(
  {
    name: 'contextLost',
    because:
      'a merge of deltas that joins the elements and keeps its own causal context: what was removed comes back (Almeida, Shoker and Baquero, JPDC 2018, section 7)',
    law: 11,
    also: [1],
    verdict: 'unlawful',
  },
  deltas<Context, Command>({
    empty: { live: [], seen: [] },
    command,
    show: ({ live }) => unique.show(live),
    delta:
      ([verb, item], { id }) =>
      ({ live, seen }) => {
        const tag = `${id}:${String(seen.length)} ${item}`
        return verb === 'add' ? { live: [tag], seen: [tag] } : { live: [], seen: tagsOf(item, live) }
      },
    merge:
      (other) =>
      ({ live, seen }) => ({
        live: union(without(live, without(other.seen, other.live)), without(other.live, seen)),
        seen: union(seen, other.live),
      }),
  }),
)
