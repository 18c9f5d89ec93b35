/** Whether a newcomer that is told everything shows what depends on the order of sources. */
import type { Run } from '../model/Run.js'
import { bySource, inOrder, type Updates } from '../model/updates.js'

/** For replicas of this library. O(s) replays for s sources. */
export const dependsOnOrder = <R, C, M>(
  subject: Run<R, C, M>['subject'],
  { operations }: Pick<Run<R, C, M>, 'operations'>,
): boolean => {
  const updates = inOrder(operations as unknown as ReadonlyArray<{ readonly message: Updates<unknown> }>)
  const told = (message: Updates<unknown>): R =>
    subject.receive(message as unknown as M, { id: '', now: 1 })(subject.create(''))
  const sorted = told(updates)
  return bySource(updates).some((order) => !subject.equals(told(order), sorted))
}
