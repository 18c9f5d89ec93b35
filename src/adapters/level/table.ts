/** A replica's sublevel of a database. */
import type { AbstractLevel } from 'abstract-level'
import type { Range, Table } from '../storage/entries.js'

/**
 * A database: `classic-level`, `browser-level`, `memory-level`, with any types of keys and values.
 * The replicas have sublevels of their own, and nothing else in the database is touched.
 */
export interface Level {
  readonly open: () => Promise<void>
  readonly sublevel: (name: string | string[]) => unknown
}

export type Sublevel = AbstractLevel<unknown, string, string>

const ENTRIES_A_READ = 4096

/** `sync`: whether a batch must be on the disk itself. `write` starts a batch. */
export const tableOf = (
  sublevel: Sublevel,
  sync: boolean,
  write: <A>(batch: () => Promise<A>) => Promise<A>,
): Table => ({
  getMany: (keys) => sublevel.getMany(keys),
  pieces: (range) => pieces(sublevel, range),
  batch: (operations) => write(() => sublevel.batch([...operations], { sync } as object)),
})

async function* pieces(sublevel: Sublevel, range: Range): AsyncIterable<ReadonlyArray<readonly [string, string]>> {
  const iterator = sublevel.iterator(range)
  try {
    for (;;) {
      const entries = await iterator.nextv(ENTRIES_A_READ)
      if (entries.length === 0) return
      yield entries
    }
  } finally {
    await iterator.close()
  }
}
