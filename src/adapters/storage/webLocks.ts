/** Web Locks. The platform frees the locks of a tab that is gone. */

/** What is needed of the platform's `navigator.locks`. */
export interface WebLocks {
  readonly request: (
    name: string,
    options: LockRequest,
    held: (lock: unknown) => Promise<void> | undefined,
  ) => Promise<unknown>
}

export interface LockRequest {
  readonly mode?: 'shared' | 'exclusive'
  readonly ifAvailable?: boolean
  readonly steal?: boolean
  readonly signal?: AbortSignal
}

/**
 * Gives what releases the lock; undefined if another one has it, if the signal came first, or if
 * the platform refuses. `lose` is called when the lock is stolen or refused.
 */
export const request = (
  locks: WebLocks,
  name: string,
  how: LockRequest,
  lose: () => void = () => undefined,
): Promise<(() => void) | undefined> =>
  new Promise((settle) => {
    // what ends the inner promise releases the lock
    const held = (lock: unknown): Promise<void> | undefined => (lock === null ? undefined : new Promise(settle))
    // rejects when the lock is stolen, or cannot be had at all
    const ended = locks.request(name, how, held).catch(lose)
    void ended.then(() => {
      settle(undefined)
    })
  })

/** The platform's locks, where it has any. */
export const platformLocks = (): WebLocks | undefined =>
  (globalThis as { readonly navigator?: { readonly locks?: WebLocks } }).navigator?.locks
