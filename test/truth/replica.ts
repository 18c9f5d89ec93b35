/**
 * Updates and replicas of the model: rules 1, 3, 7, 9 and 10 of the design. Written from the design
 * alone, to be run beside the library. Values are plain, nothing is fast.
 *
 * The data type: an update writes several keys, the last writer of a key wins.
 */

export type Stamp = readonly [ts: number, source: string]

/** An update. `needs` is the generation of programs that can read it; `big` is over a limit. */
export interface Update {
  readonly ts: number
  readonly source: string
  readonly writes: Readonly<Record<string, string>>
  readonly needs: number
  readonly big: boolean
}

/** What a program can read and accepts. `until` is the last stamp that is not too far ahead. */
export interface Policy {
  readonly reads: number
  readonly takesBig: boolean
  readonly until: number
}

export const liberal: Policy = { reads: 9, takesBig: true, until: Infinity }

export interface Replica {
  readonly id: string
  /** Newest stamp met of each source, above the floor. */
  readonly seen: ReadonlyMap<string, number>
  /** Of each source: all up to here is reflected. Above the floor, and at most `seen`. */
  readonly sure: ReadonlyMap<string, number>
  readonly floor: number
  /** Everything held, by {@link nameOf}. */
  readonly log: ReadonlyMap<string, Update>
  readonly policy: Policy
  /** It was opened from storage, and waits for its first whole round. */
  readonly restored: boolean
}

// Updates

export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export const compareStamps = (a: Stamp, b: Stamp): number => a[0] - b[0] || compareText(a[1], b[1])

export const stampOf = ({ ts, source }: Update): Stamp => [ts, source]

/** It sorts as the JSON of the change. What only newer programs read is an object. */
const contentOf = ({ writes, needs }: Update): string =>
  JSON.stringify(
    Object.entries(writes)
      .sort()
      .map(([key, value]) => [key, needs > 0 ? { newer: value } : value]),
  )

/** Stamp and content: tells apart two contents under one stamp. */
export const nameOf = (update: Update): string => `${String(update.ts)} ${update.source} ${contentOf(update)}`

/** The total order, where contents of one stamp go by their text. */
export const compare = (a: Update, b: Update): number =>
  compareStamps(stampOf(a), stampOf(b)) || compareText(contentOf(a), contentOf(b))

export const sameStamp = (a: Update, b: Update): boolean => a.ts === b.ts && a.source === b.source

// Replicas

export const create = (id: string, policy: Policy = liberal): Replica => ({
  id,
  seen: new Map(),
  sure: new Map(),
  floor: 0,
  log: new Map(),
  policy,
  restored: false,
})

export const seenOf = (r: Replica, source: string): number => Math.max(r.seen.get(source) ?? 0, r.floor)
export const sureOf = (r: Replica, source: string): number => Math.max(r.sure.get(source) ?? 0, r.floor)

export const isRead = (update: Update, { policy }: Replica): boolean => update.needs <= policy.reads

/** The newest stamp met of any source. */
const latest = (r: Replica): number => Math.max(r.floor, ...r.seen.values())

const moved = (clock: ReadonlyMap<string, number>, source: string, to: number): ReadonlyMap<string, number> =>
  (clock.get(source) ?? 0) >= to ? clock : new Map([...clock, [source, to]])

const withSeen = (r: Replica, source: string, to: number): Replica =>
  to <= seenOf(r, source) ? r : { ...r, seen: moved(r.seen, source, to) }

export const withSure = (r: Replica, source: string, to: number): Replica =>
  to <= sureOf(r, source) ? r : { ...r, sure: moved(r.sure, source, to) }

export const held = (r: Replica): ReadonlyArray<Update> => [...r.log.values()].sort(compare)

export const isDoubted = (r: Replica, source: string): boolean => sureOf(r, source) < seenOf(r, source)

/**
 * What is left of a log: what is unread, and what is newest of one of its keys. Of the contents of
 * one stamp the two greatest stay (rule 3); while several can be read, all of them stay as proof.
 */
const unsuperseded = (updates: ReadonlyArray<Update>, r: Replica): ReadonlyMap<string, Update> => {
  const sorted = [...updates].sort(compare)
  const newest = new Map<string, Update>()
  for (const update of sorted) {
    if (isRead(update, r)) for (const key of Object.keys(update.writes)) newest.set(key, update)
  }
  const isNeeded = (update: Update, i: number): boolean => {
    const third = sorted[i + 2]
    if (third !== undefined && sameStamp(third, update)) return false
    const isProof = sorted.some((other) => other !== update && sameStamp(other, update) && isRead(other, r))
    return isProof || !isRead(update, r) || Object.keys(update.writes).some((key) => newest.get(key) === update)
  }
  return new Map(sorted.filter(isNeeded).map((update) => [nameOf(update), update]))
}

const withLog = (r: Replica, updates: ReadonlyArray<Update>): Replica => {
  const log = unsuperseded(updates, r)
  return log.size === r.log.size && [...log.keys()].every((name) => r.log.has(name)) ? r : { ...r, log }
}

/** What the data type shows: the greatest read write of each key. */
export const state = (r: Replica): Readonly<Record<string, string>> => {
  const shown = new Map<string, string>()
  for (const update of held(r)) {
    if (isRead(update, r)) for (const [key, value] of Object.entries(update.writes)) shown.set(key, value)
  }
  return Object.fromEntries([...shown].sort(([a], [b]) => compareText(a, b)))
}

// Rule 1: local writes

export type Writes = Pick<Update, 'writes'> & Partial<Pick<Update, 'needs' | 'big'>>

export const write =
  ({ writes, needs = 0, big = false }: Writes, now: number) =>
  (r: Replica): readonly [Update, Replica] => {
    const ts = Math.max(now, latest(r) + 1)
    const update: Update = { ts, source: r.id, writes, needs, big }
    const isSure = !r.restored && !isDoubted(r, r.id)
    const next = withSeen(withLog(r, [...r.log.values(), update]), r.id, ts)
    return [update, isSure ? withSure(next, r.id, ts) : next]
  }

/** The replica as a store opens it from storage. One that has seen nothing begins empty. */
export const restore = (r: Replica): Replica => (latest(r) === 0 ? r : { ...r, restored: true })

// Rule 3: taking

/** Above `sure` and not held, or another content under a stamp that is held. */
const take = (r: Replica, updates: ReadonlyArray<Update>): Replica => {
  const log = new Map(r.log)
  let next = r
  for (const update of updates) {
    const isForked = [...log.values()].some((other) => sameStamp(other, update))
    if (!isForked && update.ts <= sureOf(r, update.source)) continue
    log.set(nameOf(update), update)
    next = withSeen(next, update.source, update.ts)
  }
  // what one batch brings is there before any of it supersedes
  return withLog(next, [...log.values()])
}

/** Why an update is refused (rule 7): `seen` passes what is too big, not what is too far ahead. */
export const refusal = ({ policy }: Replica, update: Update): 'passed' | 'unseen' | undefined =>
  update.ts > policy.until ? 'unseen' : update.big && !policy.takesBig ? 'passed' : undefined

/** Takes a batch. Also says whether something was refused. */
export const takeAll = (r: Replica, updates: ReadonlyArray<Update>): readonly [Replica, boolean] => {
  const accepted: Update[] = []
  let [next, isRefused] = [r, false]
  for (const update of updates) {
    const why = refusal(r, update)
    if (why === undefined) accepted.push(update)
    else isRefused = true
    if (why === 'passed') next = withSeen(next, update.source, update.ts)
  }
  return [take(next, accepted), isRefused]
}

// Rules 7, 9 and 10

/** The replica under another policy: what was unread may be read now. */
export const reread =
  (policy: Policy) =>
  (r: Replica): Replica =>
    withLog({ ...r, policy }, [...r.log.values()])

const lifted = (clock: ReadonlyMap<string, number>, floor: number): ReadonlyMap<string, number> =>
  new Map([...clock].filter(([, ts]) => ts > floor))

const withFloor = (r: Replica, floor: number): Replica =>
  floor <= r.floor
    ? r
    : {
        ...withLog(
          r,
          [...r.log.values()].filter(({ ts }) => ts > floor),
        ),
        floor,
        seen: lifted(r.seen, floor),
        sure: lifted(r.sure, floor),
      }

/** Lets go of all up to a stamp, but not of more than was seen. */
export const prune =
  (upTo: number) =>
  (r: Replica): Replica =>
    withFloor(r, Math.min(upTo, latest(r)))

export const merge =
  (other: Replica) =>
  (r: Replica): Replica => {
    let next = take(r, [...other.log.values()])
    for (const [source, ts] of other.seen) next = withSeen(next, source, ts)
    for (const [source, ts] of other.sure) next = withSure(next, source, ts)
    next = withFloor(next, other.floor)
    return r.restored && r.id === other.id && !other.restored ? { ...next, restored: false } : next
  }

/** The user's word that nobody else lives who knows more. */
export const settle =
  (sources?: ReadonlyArray<string>) =>
  (r: Replica): Replica =>
    (sources ?? [...r.seen.keys()]).reduce((next, source) => withSure(next, source, seenOf(r, source)), r)
