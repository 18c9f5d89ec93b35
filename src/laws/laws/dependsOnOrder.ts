/** Whether a newcomer that is told everything shows what depends on the order of sources. */
import type { Run } from '../model/Run.js'
import { inOrder, type Updates } from '../model/updates.js'

/** For replicas of this library. O(s) replays for s sources. */
export const dependsOnOrder = <R, C, M>(
  subject: Run<R, C, M>['subject'],
  { operations }: Pick<Run<R, C, M>, 'operations'>,
): boolean => {
  const updates = inOrder(operations as unknown as ReadonlyArray<{ readonly message: Updates<unknown> }>)
  const told = (message: Updates<unknown>): R =>
    subject.receive(message as unknown as M, { id: '', now: 1 })(subject.create(''))
  const sorted = told(updates)
  const sources = [...new Set(updates.map(([, , source]) => source))]
  const lastOf = (last: string): Updates<unknown> => [
    ...updates.filter(([, , source]) => source !== last),
    ...updates.filter(([, , source]) => source === last),
  ]
  return sources.some((source) => !subject.equals(told(lastOf(source)), sorted))
}
