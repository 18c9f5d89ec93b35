/** A replica's sublevel of a database. */
import type { AbstractLevel } from 'abstract-level'
import { ENTRIES_A_READ, type Entry, type Table } from '../storage/entries.js'

/**
 * A database: `classic-level`, `browser-level`, `memory-level`, with any types of keys and values.
 * The replicas have sublevels of their own, and nothing else in the database is touched.
 */
export interface Level {
  readonly open: () => Promise<void>
  readonly sublevel: (name: string | string[]) => unknown
}

export type Sublevel = AbstractLevel<unknown, string, string>

/**
 * `sync`: whether a batch must be on the disk itself. `write` starts a batch. A look comes before
 * each batch: it opens the sublevel again if the caller closed and opened the database.
 */
export const tableOf = (
  sublevel: Sublevel,
  sync: boolean,
  write: <A>(batch: () => Promise<A>) => Promise<A>,
): Table => ({
  getMany: async (keys) => {
    if (sublevel.status !== 'open') await sublevel.open()
    return sublevel.getMany(keys)
  },
  entries: () => entries(sublevel),
  batch: (operations) => write(() => sublevel.batch([...operations], { sync } as object)),
})

/** An iterator reads a snapshot, but for one of `browser-level`. */
async function* entries(sublevel: Sublevel): AsyncIterable<ReadonlyArray<Entry>> {
  const iterator = sublevel.iterator()
  try {
    for (;;) {
      const piece = await iterator.nextv(ENTRIES_A_READ)
      if (piece.length === 0) return
      yield piece
    }
  } finally {
    await iterator.close()
  }
}
