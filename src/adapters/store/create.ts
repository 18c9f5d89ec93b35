/** Makes a store, new or opened. */
import type * as Replica from '../../core/Replica.js'
import type { SourceId } from '../../core/Update.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import type { Security } from '../../trust/Security.js'
import { createCell, type Cell } from './Cell.js'
import { rereadAllowed } from './gate.js'
import { createOnCell } from './onCell.js'
import type { LocalStore } from './Store.js'

export interface StoreOptions<S, C> {
  /** The wall clock, in ms since the epoch. Default `Date.now`. */
  readonly now?: () => number
  /** The replica to start with. It is not checked. Default: an empty one. */
  readonly replica?: Replica.Replica<S, C>
  /** Whose updates are taken, and which ones. Default: all of everybody. */
  readonly security?: Security<S, C>
  /**
   * How far, in ms, the wall clock may be behind the newest stamp seen, before an own update counts
   * as `AheadOfClock`: peers may refuse it. Default: a day, or less if the data type says so.
   */
  readonly maxDrift?: number
  /** Refuses to make such an update. Default: makes it, and tells it by `refusals()`. */
  readonly strict?: boolean
}

export interface CreateOptions<S, C> extends StoreOptions<S, C> {
  /**
   * A store was open under this id before. Its own updates may have reached peers without being
   * saved, so the store is in doubt of its source until its first whole round. Default: whether the
   * replica has seen anything.
   */
  readonly wasOpen?: boolean
}

/** Makes a store. Costs as `reread` of the replica. */
export const create = <S, C>(
  scuttlebutt: Scuttlebutt<S, C>,
  id: SourceId,
  options: CreateOptions<S, C>,
): LocalStore<S, C> => createWithCell(scuttlebutt, id, options)[0]

/** A store, and the cell that holds its replica. */
export const createWithCell = <S, C>(
  scuttlebutt: Scuttlebutt<S, C>,
  id: SourceId,
  options: CreateOptions<S, C>,
): readonly [LocalStore<S, C>, Cell<S, C>] => {
  const { now = Date.now, replica: saved = scuttlebutt.create(id), security, wasOpen = false } = options
  const reread = rereadAllowed(scuttlebutt, security)
  const cell = createCell(reread(saved.id === id ? saved : { ...saved, id }))
  if (wasOpen) cell.begin(true)
  return [createOnCell(scuttlebutt, cell, { ...options, now }), cell]
}
