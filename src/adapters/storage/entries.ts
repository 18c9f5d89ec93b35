/**
 * The entries of a replica in a database, by key:
 *
 *     u, source, stamp, 0   an update, as a wire line
 *     u, source, stamp, 1   the second content of that stamp; and so on
 *     n, source, stamp, 0   an update that could not be read when it came; second contents as above
 *     s, source             the newest stamp seen of a source, [source, stamp]; if it is in doubt,
 *                           also how far the replica is sure of it: [source, stamp, sure]
 *     d, source             how far an older program was sure of a source, [source, sure]; not
 *                           written any more
 *     f                     the floor of the clock
 *     t                     the data type: [name], or [name, version]
 *     o                     the replica's id, who wrote last, and the number of his batch: [id,
 *                           random text, number]. IndexedDB has the number beside each text
 */
import type { either as E } from 'fp-ts'
import type { Timestamp } from '../../core/Timestamp.js'
import type { SourceId, Update } from '../../core/Update.js'

/**
 * A kind that has one entry, or what is kept by source, and by stamp. `depth` is how many other
 * contents of the stamp come first.
 */
export type Key = string | readonly [kind: string, source: SourceId, timestamp?: Timestamp, depth?: number]

/** The entries of one replica: JSON by key. `Failed` is how the database says that it refused. */
export interface Table<Failed> {
  /** Calls the database, and turns an exception into a `Left`. */
  readonly attempt: <Err, A>(
    operation: string,
    act: () => Promise<E.Either<Err, A>>,
  ) => Promise<E.Either<Failed | Err, A>>
  /**
   * All entries, {@link ENTRIES_A_READ} at a time, by kind, and contents of a stamp in their order.
   * All are as they were at one moment, whoever writes meanwhile.
   */
  readonly entries: () => AsyncIterable<ReadonlyArray<Entry>>
  /**
   * Whether a key of text is that of an update, of any content of its stamp. Absent where keys are
   * arrays.
   */
  readonly isKeyOf?: (key: Entry[0], update: Update<unknown>) => boolean
  /**
   * Writes all or nothing of what `act` gives, in the same turn. `act` gets the text under `OWNER`;
   * if it gives nothing, nothing is written, and the answer is false.
   */
  readonly update: (act: (owner: string | undefined) => ReadonlyArray<Operation> | undefined) => Promise<boolean>
}

/**
 * The key is as the database has it: its first element, or character, is the kind. The text is a
 * string, unless somebody else wrote there.
 */
export type Entry = readonly [key: string | ReadonlyArray<unknown>, text: unknown]

export const ENTRIES_A_READ = 4096

/** The text to put under a key; undefined removes it. */
export type Operation = readonly [key: Key, text: string | undefined]

/** A data type as the text of its entry. */
export const textOfType = ({ name, version }: { readonly name: string; readonly version?: string }): string =>
  JSON.stringify(version === undefined ? [name] : [name, version])

export const FLOOR = 'f'
export const TYPE = 't'
export const OWNER = 'o'
export const UPDATE = 'u'
export const UNREAD_UPDATE = 'n'
export const SOURCE = 's'
export const DOUBTED = 'd'
