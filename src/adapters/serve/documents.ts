/** Documents that are opened when somebody wants them, and closed when nobody does any more. */
import type { either as E } from 'fp-ts'
import { left } from '../../core/Either.js'
import type { Refused } from '../connect/frames.js'
import { CLOSING, FAILED, type AnyStore } from './hooks.js'

/** A store with a file or a database behind it. */
export interface ClosableStore extends AnyStore {
  readonly close: () => Promise<E.Either<unknown, void>>
}

export interface DocumentsOptions {
  /** How long a document stays open after its last use, in ms. Default 60,000. */
  readonly idle?: number
  /** How many documents may be open. One more is refused with `TooMany`. Default 10,000. */
  readonly most?: number
  /** A store did not open, or did not close. That one stays open, and is tried again. */
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
  readonly opening: Promise<E.Either<unknown, ClosableStore>>
  uses: number
  timer?: ReturnType<typeof setTimeout>
  closing?: Promise<void>
}

/**
 * Opens each document once, however many peers want it, and closes it `idle` ms after the last
 * {@link Documents.release}. The two go to `serve` as its sign-in and its `release`. If a document
 * does not open, the peer learns no more than `Failed`.
 *
 * @example
 * import * as t from 'io-ts'
 * const sb = scuttlebutt(Model.of(t.number))
 * const documents = createDocuments((name) => openFile(`served-${name}.sb`, sb, 'server')())
 * const [a, b] = await Promise.all([documents.open('notes'), documents.open('notes')])
 * unwrap(a) === unwrap(b) // => true
 * await documents.close()
 */
export const createDocuments = (
  openOne: (document: string) => Promise<E.Either<unknown, ClosableStore>>,
  options: DocumentsOptions = {},
): Documents => {
  const shelf = new Shelf(openOne, options)
  return {
    open: (document) => shelf.open(document),
    release: (document) => {
      shelf.release(document)
    },
    close: () => shelf.close(),
  }
}

class Shelf implements Documents {
  readonly #openOne: (document: string) => Promise<E.Either<unknown, ClosableStore>>
  readonly #options: Required<DocumentsOptions>
  readonly #entries = new Map<string, Entry>()
  #isClosed = false

  constructor(
    openOne: (document: string) => Promise<E.Either<unknown, ClosableStore>>,
    { idle = 60_000, most = 10_000, onError }: DocumentsOptions,
  ) {
    this.#openOne = openOne
    this.#options = { idle, most, onError: onError ?? (() => undefined) }
  }

  async open(document: string): Promise<E.Either<Refused, AnyStore>> {
    const entries = this.#entries
    const { most, onError } = this.#options
    // a file is locked until it is closed
    for (let entry = entries.get(document); entry?.closing; entry = entries.get(document)) await entry.closing
    if (this.#isClosed) return left(CLOSING)
    if (!entries.has(document) && entries.size >= most)
      return left({ _tag: 'TooMany', limit: most, retryAfter: 10_000 })
    const entry = entries.get(document) ?? this.#begin(document)
    entry.uses++
    clearTimeout(entry.timer)
    const opened = await entry.opening
    if (opened._tag === 'Right') return opened
    if (entries.get(document) === entry) {
      entries.delete(document)
      onError(opened.left)
    }
    return left(FAILED)
  }

  release(document: string): void {
    const entry = this.#entries.get(document)
    if (entry === undefined || --entry.uses > 0 || entry.closing !== undefined) return
    this.#closeLater(document, entry)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(
      [...this.#entries].map(([document, entry]) => {
        clearTimeout(entry.timer)
        return this.#closeOne(document, entry)
      }),
    )
  }

  #begin(document: string): Entry {
    const entry: Entry = { opening: this.#openOne(document).catch((error: unknown) => left(error)), uses: 0 }
    this.#entries.set(document, entry)
    return entry
  }

  #closeLater(document: string, entry: Entry): void {
    entry.timer = setTimeout(() => void this.#closeOne(document, entry), this.#options.idle)
    // an idle document keeps no process alive
    ;(entry.timer as { unref?: () => void }).unref?.()
  }

  #closeOne(document: string, entry: Entry): Promise<void> {
    return (entry.closing ??= this.#closing(document, entry))
  }

  async #closing(document: string, entry: Entry): Promise<void> {
    const opened = await entry.opening
    const closed = opened._tag === 'Left' ? undefined : await opened.right.close()
    if (closed?._tag === 'Left') {
      this.#options.onError(closed.left)
      delete entry.closing
      if (!this.#isClosed) this.#closeLater(document, entry)
    } else this.#entries.delete(document)
  }
}
