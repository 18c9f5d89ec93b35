/** Rounds of writing. At most one runs; updates that come during it go with the next. */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'

/** Where the rounds write to. */
export interface Sink<Err> {
  /**
   * One round: writes what there is. `isAwaited` says whether a caller waits for the outcome. After
   * a `Left` the sink still has what it failed to write.
   */
  readonly write: (isAwaited: boolean) => Promise<E.Either<Err, void>>
  /** Whether the next round should follow at once. */
  readonly hasMore: () => boolean
  /** Whether all is saved, so that a `flush` after `close` is no error. */
  readonly isSaved: () => boolean
  /** The error of a `flush` after `close`. */
  readonly closed: Err
}

export class Rounds<Err> {
  private readonly sink: Sink<Err>
  private waiting: ((outcome: Promise<E.Either<Err, void>>) => void)[] = []
  private isRunning = false
  /** The next round is the last one, unless it fails. */
  private isClosing = false
  private closed = false

  constructor(sink: Sink<Err>) {
    this.sink = sink
  }

  get isClosed(): boolean {
    return this.closed
  }

  /**
   * Starts a round unless one runs or the sink is closed. The round starts in a microtask, so that
   * all changes of one call stack are written together. After a failure the next call tries again.
   */
  wake(): void {
    if (this.isRunning || this.closed) return
    this.isRunning = true
    void this.run()
  }

  /** The outcome of the next round that starts: all that came before this call is in it. */
  flush(): Promise<E.Either<Err, void>> {
    if (this.closed) return Promise.resolve(this.sink.isSaved() ? right(undefined) : left(this.sink.closed))
    return new Promise((settle) => {
      this.waiting.push(settle)
      this.wake()
    })
  }

  /** A {@link flush} after which no round starts. If the flush fails, nothing is closed. */
  close(): Promise<E.Either<Err, void>> {
    this.isClosing = true
    return this.flush()
  }

  /** No round starts any more, and what is not saved stays so. */
  stop(): void {
    this.closed = true
  }

  private async run(): Promise<void> {
    try {
      do {
        await Promise.resolve()
        const { waiting, isClosing } = this
        this.waiting = []
        this.isClosing = false
        const outcome = this.sink.write(waiting.length > 0)
        for (const settle of waiting) settle(outcome)
        if ((await outcome)._tag === 'Left') return
        this.closed ||= isClosing
      } while (!this.closed && this.sink.hasMore())
    } finally {
      this.isRunning = false
      // a flush during the last round waits for one of its own
      if (!this.closed && this.waiting.length > 0) this.wake()
      else for (const settle of this.waiting.splice(0)) settle(this.flush())
    }
  }
}
