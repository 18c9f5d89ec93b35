/** Counters and feeds that are wrong. */
import * as fc from 'fast-check'
import * as t from 'io-ts'
import type { Update } from '../../core/Update.js'
import { ofDataType } from '../subjects/dataType.js'
import { operations, states } from '../subjects/forms.js'
import { broken } from './Broken.js'

export const oneNumber = broken(
  {
    name: 'oneNumber',
    because:
      'one number for all sources: concurrent increments count as one (Shapiro et al., INRIA RR-7506, ' +
      'section 3.1.1)',
    law: 'oracle',
    verdict: 'wrong value',
  },
  states({
    empty: 0,
    command: fc.constant('increment'),
    mutate: () => (count) => count + 1,
    merge: (other) => (count) => Math.max(count, other),
    oracle: (made) => made.length,
  }),
)

export const countsTwice = broken(
  {
    name: 'countsTwice',
    because:
      'each increment is added when it arrives, and the network may deliver it twice (Shapiro et al., SSS ' +
      '2011, section 2.3: delivery exactly once)',
    law: 'convergence',
    also: ['idempotence'],
    verdict: 'diverged',
  },
  operations({
    empty: 0,
    command: fc.constant(1),
    apply: (n) => (count) => count + n,
    delivery: { order: 'source', copies: 'at least once' },
  }),
)

export const average = broken(
  {
    name: 'average',
    because:
      'a merge that averages is idempotent and commutative, but not associative (Shapiro et al., SSS 2011, ' +
      'definition 2.4)',
    law: 'associativity',
    also: ['convergence'],
    verdict: 'unlawful',
  },
  states({ empty: 0, command: fc.nat(9), mutate: (n) => () => n, merge: (other) => (held) => (held + other) / 2 }),
)

export const floats = broken(
  {
    name: 'floats',
    because:
      'floating-point addition is not associative: the sum depends on the order of arrival (Goldberg, ACM ' +
      'Computing Surveys 1991)',
    law: 'convergence',
    verdict: 'diverged',
  },
  operations({ empty: 0, command: fc.constantFrom(0.1, 0.2, 0.3, 0.7), apply: (n) => (sum) => sum + n }),
)

type Fed = string | { readonly drop: number }

const own =
  (source: string) =>
  (update: Update<Fed>): boolean =>
    update[2] === source && typeof update[0] === 'string'

export const markersAlone = broken(
  {
    name: 'markersAlone',
    because:
      'a marker prunes the first items of a source by number, and supersedes them: a newcomer gets the ' +
      'marker without them, and prunes others',
    law: 'superseded',
    also: ['digests', 'certainty', 'timeTravel'],
    verdict: 'lost',
  },
  ofDataType<ReadonlyArray<Update<Fed>>, Fed>(
    {
      name: 'feed',
      change: t.union([t.string, t.type({ drop: t.number })]),
      empty: [],
      apply: (updates) => (state) => {
        let [items, superseded] = [state, [] as ReadonlyArray<Update<Fed>>]
        for (const update of updates) {
          const [fed, , source] = update
          if (typeof fed === 'string') items = [...items, update]
          else {
            const pruned = items.filter(own(source)).slice(0, fed.drop)
            if (pruned.length > 0) items = items.filter((item) => !pruned.includes(item))
            superseded = [...superseded, ...pruned]
          }
        }
        return { state: items, superseded }
      },
      toJSON: (items) => items.map(([item, at, by]) => `${by} ${String(at)} ${JSON.stringify(item)}`).sort(),
    },
    {
      change: fc.oneof(
        { weight: 2, arbitrary: fc.constantFrom('x', 'y') },
        { weight: 1, arbitrary: fc.constant({ drop: 1 }) },
      ),
    },
  ),
)
