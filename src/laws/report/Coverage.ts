/** What a check exercised, so that one can see whether a green run met hard cases. */
import type { ExchangeFeature } from '../model/Exchange.js'
import type { Exhausted } from '../network/explore.js'
import { has, type Operation } from '../model/Operation.js'
import type { Run } from '../model/Run.js'
import type { Refused } from '../refusals.js'

/** What may happen in a run, as the report names it. */
export const FEATURES = {
  concurrent: 'operations that do not know of each other',
  sameKey: 'concurrent operations on one part of the data',
  deleteAgainstSet: 'a removal concurrent with a write of one part of the data',
  ties: 'equal timestamps from two replicas',
  clockBack: 'a wall clock that stepped back',
  late: 'an operation that arrived after a newer one',
  again: 'a message that came again',
  lost: 'a message that was lost',
  cut: 'a message cut short',
  partition: 'a partition',
  crash: 'a crash and a restart from disk',
  refused: 'a refused command',
  doubt: 'a device in doubt of what it lacks',
  unread: 'an update that a device cannot read',
  upgrade: 'a device that gets a newer program',
  push: 'a push of what came since an older version',
  overheard: 'a message that is heard again, late or by others',
  linkCut: 'a link that is cut',
  lineHarmed: 'a line that is lost or damaged',
  updateRefused: 'an update that a device refuses',
  budget: 'a budget of 1 to 3 updates',
  death: 'a device that dies',
  restore: 'a device that is restored from an older version',
  oldVersion: 'an older version that is written to',
} as const satisfies Readonly<Record<string, string>>

/** Features of networks of devices, which exchange messages and sessions. */
export const FEATURES_OF_DEVICES: ReadonlySet<Feature> = new Set<ExchangeFeature>([
  'doubt',
  'unread',
  'upgrade',
  'push',
  'overheard',
  'linkCut',
  'lineHarmed',
  'updateRefused',
  'budget',
  'death',
  'restore',
  'oldVersion',
])

export type Feature = keyof typeof FEATURES

export interface Coverage {
  /** The seed of the random runs. Absent for a check of one `schedule`, and in `progress`. */
  readonly seed?: number
  readonly runs: number
  /** Those of the runs in which replicas were devices that exchange messages and sessions. */
  readonly exchanges: number
  /** Runs that broke a law in a way that is known, and were passed over. */
  readonly known: number
  readonly operations: number
  readonly events: number
  /** The number of runs in which each feature was seen. */
  readonly seen: Readonly<Record<Feature, number>>
  /** An example of each kind of refusal among the first hundred, five at most. */
  readonly refusals?: ReadonlyArray<Refused>
  /** What ended the random runs before all were made: `time`, or an option of fast-check. */
  readonly endedBy?: string
  /** What the exhaustive mode visited, if it was asked for. */
  readonly exhaustive?: Exhausted
  /** For people to read: all of the above. */
  readonly format: () => string
}

/** Adds up the coverage of runs. */
export class Tally {
  private readonly seen: Record<Feature, number> = Object.fromEntries(
    Object.keys(FEATURES).map((key) => [key, 0]),
  ) as Record<Feature, number>
  runs = 0
  known = 0
  private exchanges = 0
  private operations = 0
  private events = 0

  /** O(n²) for n operations. */
  add<R, C, M>(run: Run<R, C, M>): void {
    this.runs++
    if (run.exchanged !== undefined) this.exchanges++
    this.operations += run.operations.length
    this.events += run.events.length
    for (const feature of featuresOf(run)) this.seen[feature]++
  }

  /** What can `never` happen is left out of the text. */
  report(
    { seed, exhaustive, refusals = [], endedBy }: Partial<Coverage> = {},
    never: (feature: Feature) => boolean = () => false,
  ): Coverage {
    const { runs, exchanges, known, operations, events } = this
    const coverage = {
      ...(seed === undefined ? {} : { seed }),
      runs,
      exchanges,
      known,
      operations,
      events,
      seen: { ...this.seen },
      ...(refusals.length === 0 ? {} : { refusals }),
      ...(endedBy === undefined ? {} : { endedBy }),
      ...(exhaustive === undefined ? {} : { exhaustive }),
    }
    return { ...coverage, format: () => format(coverage, never) }
  }
}

/** The features seen in a run. */
export const featuresOf = <R, C, M>(run: Run<R, C, M>): ReadonlySet<Feature> => {
  const { subject, operations, events, schedule, exchanged } = run
  if (exchanged !== undefined) return exchanged.features
  const seen = new Set<Feature>()
  for (const b of operations) {
    for (const a of operations.slice(0, b.index)) {
      if (a.at === b.at) {
        if (a.now > b.now) seen.add('clockBack')
        continue
      }
      if (has(b.sees, a.index)) continue
      seen.add('concurrent')
      if (isTie(subject.timestampOf, a, b)) seen.add('ties')
      if (!seen.has('deleteAgainstSet') && meet(subject.keysOf(a), subject.keysOf(b))) {
        seen.add('sameKey')
        if (subject.isDelete(a) !== subject.isDelete(b)) seen.add('deleteAgainstSet')
      }
    }
  }
  let newest: ReadonlyMap<number, number> = new Map()
  for (const { _tag, operation, at } of events) {
    if (_tag === 'again' || _tag === 'lost' || _tag === 'partition' || _tag === 'crash' || _tag === 'refused')
      seen.add(_tag)
    if (operation === undefined || _tag === 'again') continue
    if (operation < (newest.get(at) ?? -1)) seen.add('late')
    else newest = new Map(newest).set(at, operation)
  }
  for (const step of schedule.steps) {
    if (step._tag !== 'send') continue
    if (step.keep !== undefined) seen.add('cut')
    if (step.twice) seen.add('again')
  }
  return seen
}

const isTie = <C, M>(
  timestampOf: ((message: M) => number) | undefined,
  a: Operation<C, M>,
  b: Operation<C, M>,
): boolean =>
  timestampOf === undefined || a.message === undefined || b.message === undefined
    ? a.now === b.now
    : timestampOf(a.message) === timestampOf(b.message)

const meet = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean => a.some((key) => b.includes(key))

/** In fewer runs all commands may be refused by chance. */
export const FEW_RUNS = 20

/** The required features that too few runs have shown, in words. */
export const shortfalls = (
  required: Partial<Record<Feature, number>>,
  { runs, exchanges, seen }: Coverage,
): ReadonlyArray<readonly [feature: Feature, says: string]> =>
  (Object.keys(required) as Feature[]).flatMap((feature) => {
    const [wanted = 0, part] = [required[feature], partOf(feature, { runs, exchanges, seen })]
    if (part >= wanted) return []
    return [[feature, `${FEATURES[feature]}: in ${percent(part)} of the runs, but ${percent(wanted)} are required`]]
  })

/** The part of the runs in which a feature was seen: of those runs that may have it. */
const partOf = (feature: Feature, { runs, exchanges, seen }: Pick<Coverage, 'runs' | 'exchanges' | 'seen'>): number =>
  seen[feature] / Math.max(1, FEATURES_OF_DEVICES.has(feature) ? exchanges : runs - exchanges)

const percent = (part: number): string => `${String(Math.round(part * 1000) / 10)} %`

const format = (coverage: Omit<Coverage, 'format'>, never: (feature: Feature) => boolean): string => {
  const { runs, exchanges, known, operations, events, exhaustive, refusals = [], endedBy } = coverage
  const kinds = exchanges === 0 ? '' : ` (${String(exchanges)} of devices that exchange messages)`
  const passed = known === 0 ? [] : [`${String(known)} runs broke a law in a known way`]
  const features = (Object.keys(FEATURES) as Feature[]).filter(
    (one) => (exchanges > 0 || !FEATURES_OF_DEVICES.has(one)) && !never(one),
  )
  return [
    `${String(runs)} runs${kinds}, ${String(operations)} operations, ${String(events)} events`,
    ...(endedBy === undefined ? [] : [`\`${endedBy}\` ended the check before all its runs were made`]),
    ...passed,
    ...features.map((feature) => `  ${percent(partOf(feature, coverage)).padStart(7)}  ${FEATURES[feature]}`),
    ...refusals.map(({ command, why }) => `refused: ${command}, as ${why}`),
    ...(exhaustive === undefined ? [] : [exhaustiveText(exhaustive)]),
  ].join('\n')
}

const exhaustiveText = ({ replicas, updates, states, ends, complete }: Exhausted): string =>
  `exhaustive: ${String(replicas)} replicas, ${String(updates)} updates: ${String(states)} states, ` +
  `${String(ends)} ends; ${complete ? 'complete' : 'not complete'}`
