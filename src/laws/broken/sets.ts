/** Sets that lose removals, or bring removed elements back. */
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
      'add and remove of one element do not commute: a remove takes adds that it has not seen (Shapiro et ' +
      'al., INRIA RR-7506, section 3.3)',
    law: 'convergence',
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
      'a two-phase set forgets a removal to add the element again: the next merge brings the removal back ' +
      '(Shapiro et al., INRIA RR-7506, section 3.3.2)',
    law: 'inflation',
    also: ['convergence'],
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

/** One entry `tag element` for each tag of an element. */
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
      'an observed-remove set uses wall-clock times as tags, and two sources may share one (Shapiro et al., ' +
      'INRIA RR-7506, section 3.3.5: unique tags)',
    law: 'convergence',
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
      'a remove that arrives before its add has no effect: an observed-remove set needs causal delivery ' +
      '(Shapiro et al., INRIA RR-7506, section 3.3.5) or must defer removes (Riak, dt_orswot)',
    law: 'convergence',
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

/** The tags of present elements, and all tags ever seen: the causal context. */
interface Context {
  readonly live: Tagged
  readonly seen: Tagged
}

export const contextLost = broken(
  {
    name: 'contextLost',
    because:
      'a merge of deltas joins the elements and keeps its own causal context: removed elements come back ' +
      '(Almeida, Shoker and Baquero, JPDC 2018, section 7)',
    law: 'associativity',
    also: ['convergence'],
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
