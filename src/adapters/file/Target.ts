/** What a writer is given: the file, how to write it, and what is known of it. */
import type { Disk, FileStatus, Handle } from './Disk.js'
import type { Lock } from './lock.js'
import type { Contents, Extent } from './writeNew.js'

/**
 * When updates are synced to the disk itself. A crash of the process alone loses none without it.
 */
export type Fsync =
  /** After every round. */
  | 'each'
  /** When a caller waits for `flushed`, and at the latest `every` ms after the write. */
  | { readonly every: number }
  /** When the system does it. Acknowledged updates then survive only a crash of the process. */
  | 'none'

/** The file to write, and how. */
export interface Target<A> {
  readonly path: string
  readonly disk: Disk
  readonly fsync: Fsync
  readonly contents: Contents<A>
  /** Checked before each write, and again before what was written is acknowledged. */
  readonly lock: Pick<Lock, 'check' | 'lockAgain' | 'temporary' | 'hasShutOut' | 'forget'>
  /** A file with several hard links may be rewritten. */
  readonly linked: boolean
}

/** An open file. */
export interface Source {
  readonly handle: Handle
  readonly status: FileStatus
  readonly extent: Extent
  /** It was made just now: all of it is on the disk, and so is its name. */
  readonly isNew: boolean
  /** What its marks say: it has none, it has some, or one ends it. */
  readonly marks: 'none' | 'some' | 'end'
}
