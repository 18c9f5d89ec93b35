/** How sure a replica becomes: by claims of peers, by its user's word, after a clock ran ahead. */
import * as SortedMap from '../structures/SortedMap.js'
import * as Clock from './Clock.js'
import { NEVER, type Timestamp } from './Timestamp.js'
import type { SourceId } from './Update.js'

/**
 * What a peer vouches for at the end of a round: all that it knows of is told, and it misses no
 * update of a source up to `sureOf` it. Below `floor` it has let updates go.
 */
export interface Claim {
  readonly sureOf: (source: SourceId) => Timestamp
  readonly floor: Timestamp
}

/**
 * The clock after a batch that only a peer vouches for, if anybody. `advanced` is the clock that
 * has seen the batch, `touched` its sources. O((t + d) log s) for t touched and d in doubt.
 */
export const doubting = (
  touched: Iterable<SourceId>,
  claim: Claim | undefined,
  before: Clock.Clock,
  advanced: Clock.Clock,
): Clock.Clock => {
  if (isPlain(touched, claim, before, advanced)) return advanced
  const sure = new Clock.SureDraft(before)
  const judge = (source: SourceId, old: Timestamp): void => {
    const claimed = claim === undefined || old < claim.floor ? NEVER : claim.sureOf(source)
    sure.set(source, Math.max(old, claimed), advanced)
  }
  for (const source of touched) judge(source, Clock.sureOf(source, before))
  if (claim !== undefined) Clock.forEachDoubt(before, judge)
  return sure.done(advanced)
}

/** The usual case: nothing was in doubt, and the claim covers all that came. */
const isPlain = (
  touched: Iterable<SourceId>,
  claim: Claim | undefined,
  before: Clock.Clock,
  advanced: Clock.Clock,
): boolean => {
  if (before.sure !== undefined) return false
  for (const source of touched) {
    if (claim === undefined || claim.sureOf(source) < Clock.timestampOf(source, advanced)) return false
    if (before.floor < claim.floor && Clock.timestampOf(source, before) < claim.floor) return false
  }
  return true
}

/** Sure of some sources, or of all, as far as they were seen. O(d log s) for d in doubt. */
export const settle =
  (sources?: Iterable<SourceId>) =>
  (clock: Clock.Clock): Clock.Clock => {
    const sure = new Clock.SureDraft(clock)
    for (const source of sources ?? (clock.sure === undefined ? [] : SortedMap.keys(clock.sure))) {
      sure.set(source, Infinity, clock)
    }
    return sure.done(clock)
  }

/**
 * The clock that has seen nothing of a source after `upTo`, and is sure of no source beyond `now`.
 * If the source was seen after `now`, it is sure of nothing of it: what goes may have superseded
 * any other update of it. Its `latest` is that of what is left. O(s log s).
 */
export const rewind =
  (source: SourceId, upTo: Timestamp, now: Timestamp) =>
  (clock: Clock.Clock): Clock.Clock => {
    const { floor } = clock
    const wasAhead = Clock.timestampOf(source, clock) > now
    const draft = new Clock.Draft({ ...Clock.empty, floor, latest: floor })
    Clock.forEachSource(clock, (other, seen) => {
      draft.advance(other, other === source ? Math.min(seen, upTo) : seen)
    })
    const sure = new Clock.SureDraft(Clock.empty)
    const rewound = draft.done()
    Clock.forEachSource(rewound, (other) => {
      const most = other === source && wasAhead ? floor : Math.min(Clock.sureOf(other, clock), now)
      sure.set(other, Math.max(floor, most), rewound)
    })
    return sure.done(rewound)
  }
