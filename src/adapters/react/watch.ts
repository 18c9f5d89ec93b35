/** Who reads one key or row of a store is woken by changes of that alone. */
import type { Replica } from '../../core/Replica.js'
import type { Store } from '../store/Store.js'

interface Listener {
  readonly wake: () => void
  /** The fields of the row that are read. Default: all. */
  readonly fields: ReadonlyArray<string> | undefined
}

interface Watch {
  readonly add: (key: string, listener: Listener) => () => void
}

const watches = new WeakMap<object, Watch>()

/**
 * Calls `wake` when a key changes, or some fields of a row. Returns the unsubscription. A write
 * costs its `diff`, and the listeners of what changed.
 */
export const watch = <S, C>(
  store: Store<S, C>,
  key: string,
  wake: () => void,
  fields?: ReadonlyArray<string>,
): (() => void) => {
  const known = watches.get(store) ?? createWatch(store)
  watches.set(store, known)
  return known.add(key, { wake, fields })
}

/** One subscription to a store for all of its listeners. */
const createWatch = <S, C>(store: Store<S, C>): Watch => {
  const listenersByKey = new Map<string, Set<Listener>>()
  let last: Replica<S, C> | undefined
  let unsubscribe: (() => void) | undefined

  const listenersOf = (at: ReadonlyArray<string | number>): ReadonlyArray<Listener> => {
    const [key, field] = at
    if (key === undefined) return [...listenersByKey.values()].flatMap((listeners) => [...listeners])
    const all = [...(listenersByKey.get(String(key)) ?? [])]
    return field === undefined ? all : all.filter(({ fields }) => fields?.includes(String(field)) !== false)
  }
  const wakeChanged = (): void => {
    const now = store.getReplica()
    const before = last ?? now
    last = now
    if (before.state === now.state) return
    const woken = new Set(
      store.scuttlebutt
        .diff(before)(now)
        .flatMap(({ at }) => listenersOf(at)),
    )
    for (const { wake } of woken) wake()
  }
  return {
    add: (key, listener) => {
      if (listenersByKey.size === 0) {
        last = store.getReplica()
        unsubscribe = store.subscribe(wakeChanged)
      }
      const listeners = listenersByKey.get(key) ?? new Set()
      listenersByKey.set(key, listeners.add(listener))
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0 && listenersByKey.get(key) === listeners) listenersByKey.delete(key)
        if (listenersByKey.size > 0) return
        unsubscribe?.()
        unsubscribe = last = undefined
      }
    },
  }
}
