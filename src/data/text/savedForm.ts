/** Whether JSON has the form of a clock and of a log: what is damaged must not be believed. */
import { MAX_DEPTH } from '../../core/Change.js'
import { bySource } from '../../core/Clock.js'
import * as Json from '../../core/Json.js'
import { all, type Unread } from '../../core/Log.js'
import type { Replica } from '../../core/Replica.js'
import * as Timestamp from '../../core/Timestamp.js'
import type { SourceId, Update } from '../../core/Update.js'
import { FEW, type Less, type SortedMap } from '../../structures/SortedMap.js'

type Log = Replica<unknown, unknown>['log']

export type Test = (u: unknown) => boolean

/** Throws for what is no clock. O(s). */
export const checkClock = ({ timestamps, latest, floor, sure }: Replica<unknown, unknown>['clock']): void => {
  check(isTime(latest) && isTime(floor) && floor <= latest)
  for (const map of sure === undefined ? [timestamps] : [timestamps, sure]) {
    checkMap(map, bySource, (timestamp, source) => {
      check(isText(source) && isTime(timestamp) && timestamp <= latest)
    })
  }
}

const isText = (u: unknown): boolean => typeof u === 'string'

const isTime = (u: unknown): boolean => u === Timestamp.NEVER || Timestamp.is(u)

const isCount = (u: unknown): boolean => Number.isSafeInteger(u) && (u as number) >= 0

/** Throws for what is no log in its nodes, and for changes that fail a test. O(n). */
export const checkLog = (log: Log, latest: number, isChange: Test): void => {
  checkMap(log.updatesBySource, bySource, ({ older, newest }, source) => {
    check(isText(source) && Array.isArray(newest) && newest.length <= FEW)
    let last = Timestamp.NEVER
    const checkUpdate = (update: Update<unknown>): void => {
      checkStamp(update, source)
      check(update.length === 3 && update[1] > last && update[1] <= latest && isChange(update[0]))
      check(!(Json.freeze(update[0], MAX_DEPTH) instanceof Json.Unfit))
      last = Object.freeze(update)[1]
    }
    checkMap(older, byTime, (update, key) => {
      checkStamp(key, source)
      check(key[1] === update[1])
      checkUpdate(update)
    })
    newest.forEach(checkUpdate)
  })
  check(log.size === all(log).length)
  if (log.forks !== undefined) checkLog(log.forks, latest, isChange)
  const { unread } = log
  if (unread === undefined) return
  checkLog(unread.log, latest, () => true)
  checkUnread(unread)
}

/** Throws for what is no count of unread bytes. O(s). */
export const checkUnread = ({ bytes, bytesBySource }: Omit<Unread, 'log'>): void => {
  check(isCount(bytes))
  checkMap(bytesBySource, bySource, (bytes, source) => {
    check(isCount(bytes) && isText(source))
  })
}

const byTime: Less<Update<unknown>> = (a, b) => a[1] < b[1]

const checkStamp = (update: Update<unknown>, source: SourceId): void => {
  check(Array.isArray(update) && Timestamp.is(update[1]) && update[2] === source)
}

/** The height of a node, and its first and last key. */
type Shape<K> = readonly [height: number, first: K | undefined, last: K | undefined]

/** Throws if a node does not hold as much as it says, or not in order. Visits the entries. */
const checkMap = <K, V>({ root }: SortedMap<K, V>, less: Less<K>, visit: (value: V, key: K) => void): Shape<K> => {
  const { keys, items } = root
  check(Array.isArray(keys) && Array.isArray(items) && keys.length === items.length && keys.length <= FEW)
  let [height, size] = [0, 0]
  let first: K | undefined
  let last: K | undefined
  for (const [i, key] of keys.entries()) {
    if (root.leaf) {
      visit(root.items[i]!, key)
      check(i === 0 || less(last!, key))
      first ??= key
      last = key
    } else {
      const [below, least, most] = checkMap({ root: root.items[i]! }, less, visit)
      check(i === 0 || (below + 1 === height && less(last!, key) && !less(least!, key)))
      height = below + 1
      size += root.items[i]!.size
      first ??= least
      last = most
    }
  }
  if (root.leaf) size = keys.length
  check(typeof root.leaf === 'boolean' && root.size === size && (size > 0 || root.leaf))
  return [height, first, last]
}

/** Throws if something is not so. */
export const check = (isRight: boolean): void => {
  if (!isRight) damaged()
}

export const damaged = (): never => {
  throw new Error('The saved text is damaged.')
}
