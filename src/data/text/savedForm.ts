/** Whether JSON has the form of a clock and of a log: what is damaged must not be believed. */
import { all } from '../../core/Log.js'
import type { Replica } from '../../core/Replica.js'
import * as Timestamp from '../../core/Timestamp.js'
import type { SortedMap } from '../../structures/SortedMap.js'

type Log = Replica<unknown, unknown>['log']

/** Throws for what is no id, no clock or no log. O(n). */
export const checkForm = ({ id, clock, log }: Pick<Replica<unknown, unknown>, 'id' | 'clock' | 'log'>): void => {
  check(typeof id === 'string')
  for (const one of [clock.latest, clock.floor]) check(one === Timestamp.NEVER || Timestamp.is(one))
  for (const map of [clock.timestamps, clock.sure]) {
    if (map !== undefined) {
      checkMap(map, (timestamp) => {
        check(Timestamp.is(timestamp))
      })
    }
  }
  checkLog(log)
}

const checkLog = (log: Log): void => {
  checkMap(log.updatesBySource, ({ older, newest }) => {
    checkMap(older, () => undefined)
    check(Array.isArray(newest))
  })
  check(log.size === all(log).length)
  if (log.forks !== undefined) checkLog(log.forks)
  if (log.unread !== undefined) checkLog(log.unread.log)
}

/** Throws if a node does not hold as much as it says. */
const checkMap = <V>({ root }: SortedMap<unknown, V>, checkValue: (value: V) => void): number => {
  let size = 0
  if (root.leaf) for (const value of root.items) checkValue(value)
  else for (const node of root.items) size += checkMap({ root: node }, checkValue)
  if (root.leaf) size = root.items.length
  check(size > 0 || root.leaf)
  check(root.size === size && root.keys.length === root.items.length)
  return size
}

/** Throws if something is not so. */
export const check = (isRight: boolean): void => {
  if (!isRight) damaged()
}

export const damaged = (): never => {
  throw new Error('The saved text is damaged.')
}
