/** Documents that are opened when somebody wants them, and closed when nobody does any more. */
import type { either as E } from 'fp-ts'
import { left } from '../../core/Either.js'
import type { Refused } from '../connect/frames.js'
import type { AnyStore } from './hooks.js'

/** A store with a file or a database behind it. */
export interface ClosableStore extends AnyStore {
  readonly close: () => Promise<E.Either<unknown, void>>
}

export interface DocumentsOptions {
  /** How long a document stays open after its last use, in ms. Default 60,000. */
  readonly idle?: number
  /** How many documents may be open. One more is refused with `TooMany`. Default 10,000. */
  readonly most?: number
  /** A store did not close. It stays open, and is tried again. */
  readonly onError?: (error: unknown) => void
}

/** Stores by document, each opened once. */
export interface Documents {
  /** The store of a document. To be followed by one `release` if it gives a store. */
  readonly open: (document: string) => Promise<E.Either<Refused, AnyStore>>
  readonly release: (document: string) => void
  /** Closes all stores, saved. Errors go to `onError`. After it nothing opens. */
  readonly close: () => Promise<void>
}

/** An open document, or one that opens or closes. */
interface Entry {
  readonly opening: Promise<E.Either<Refused, ClosableStore>>
  uses: number
  timer?: ReturnType<typeof setTimeout>
  closing?: Promise<void>
}

/**
 * Opens each document once, however many peers want it, and closes it `idle` ms after the last
 * {@link Documents.release}. The two go to `serve` as its sign-in and its `release`.
 *
 * @example
 * import { either as E } from 'fp-ts'
 * import * as t from 'io-ts'
 * const open = async (name) => ({ ...createStore(scuttlebutt(Model.of(t.number)), name), close: async () => E.right(undefined) })
 * const documents = createDocuments(async (name) => E.right(await open(name)))
 * const [a, b] = await Promise.all([documents.open('notes'), documents.open('notes')])
 * unwrap(a) === unwrap(b) // => true
 * await documents.close()
 */
export const createDocuments = (
  openOne: (document: string) => Promise<E.Either<Refused, ClosableStore>>,
  { idle = 60_000, most = 10_000, onError = () => undefined }: DocumentsOptions = {},
): Documents => {
  const entries = new Map<string, Entry>()
  let isClosed = false

  const closeLater = (document: string, entry: Entry): void => {
    entry.timer = setTimeout(() => void closeOne(document, entry), idle)
    // an idle document keeps no process alive
    ;(entry.timer as { unref?: () => void }).unref?.()
  }

  const closeOne = (document: string, entry: Entry): Promise<void> => (entry.closing ??= closing(document, entry))

  const closing = async (document: string, entry: Entry): Promise<void> => {
    const opened = await entry.opening
    const closed = opened._tag === 'Left' ? undefined : await opened.right.close()
    if (closed?._tag === 'Left') {
      onError(closed.left)
      delete entry.closing
      if (!isClosed) closeLater(document, entry)
    } else entries.delete(document)
  }

  const begin = (document: string): Entry => {
    const entry: Entry = { opening: openOne(document), uses: 0 }
    entries.set(document, entry)
    return entry
  }

  const release = (document: string): void => {
    const entry = entries.get(document)
    if (entry === undefined || --entry.uses > 0 || entry.closing !== undefined) return
    closeLater(document, entry)
  }

  const open = async (document: string): Promise<E.Either<Refused, AnyStore>> => {
    // a file is locked until it is closed
    for (let entry = entries.get(document); entry?.closing; entry = entries.get(document)) await entry.closing
    if (isClosed) return left({ _tag: 'Closing', retryAfter: 1000 })
    if (!entries.has(document) && entries.size >= most)
      return left({ _tag: 'TooMany', limit: most, retryAfter: 10_000 })
    const entry = entries.get(document) ?? begin(document)
    entry.uses++
    clearTimeout(entry.timer)
    const opened = await entry.opening.catch((error: unknown) => {
      entries.delete(document)
      throw error
    })
    if (opened._tag === 'Left' && entries.get(document) === entry) entries.delete(document)
    return opened
  }

  const close = async (): Promise<void> => {
    isClosed = true
    await Promise.all(
      [...entries].map(([document, entry]) => {
        clearTimeout(entry.timer)
        return closeOne(document, entry)
      }),
    )
  }
  return { open, release, close }
}
