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
  /** Whether all is saved, so that a `flush` after `close` is no error. */
  readonly isSaved: () => boolean
  /** Whether the next round should follow at once. Default: if not all is saved. */
  readonly hasMore?: () => boolean
  /** The error of a `flush` after `close`. */
  readonly closed: Err
  /** Called when the last round is done. */
  readonly onClosed?: () => void
}

export interface Rounds<Err> {
  readonly isClosed: boolean
  /**
   * Starts a round after the one that runs, if there is something to write by then. It starts in a
   * microtask, so that all changes of one call stack are written together. After a failure the next
   * call tries again.
   */
  readonly wake: () => unknown
  /** The outcome of the next round that starts: all that came before this call is in it. */
  readonly flush: () => Promise<E.Either<Err, void>>
  /** A {@link flush} after which no round starts. If the flush fails, nothing is closed. */
  readonly close: () => Promise<E.Either<Err, void>>
  /** No round starts any more, and what is not saved stays so. */
  readonly stop: () => void
}

export const createRounds = <Err>({
  write,
  isSaved,
  hasMore = () => !isSaved(),
  closed,
  onClosed,
}: Sink<Err>): Rounds<Err> => {
  let [isAwaited, isClosed] = [false, false]
  /** The next round is the last one, unless it fails. */
  let isClosing = false

  const run = async (): Promise<E.Either<Err, void>> => {
    const [wasAwaited, isLast] = [isAwaited, isClosing]
    isAwaited = isClosing = false
    if (isClosed) return isSaved() ? right(undefined) : left(closed)
    // nobody waits, and there is nothing
    if (!wasAwaited && !hasMore()) return right(undefined)
    const outcome = await write(wasAwaited)
    if (outcome._tag === 'Left') return outcome
    if (isLast) {
      isClosed = true
      onClosed?.()
    } else if (hasMore()) void begin()
    return outcome
  }
  const begin = inTurn(run)
  const flush = (): Promise<E.Either<Err, void>> => {
    isAwaited = true
    return begin()
  }
  return {
    get isClosed() {
      return isClosed
    },
    wake: begin,
    flush,
    close: () => {
      isClosing = true
      return flush()
    },
    stop: () => {
      isClosed = true
    },
  }
}

/**
 * Runs a task again and again, one run after the other. Gives the outcome of the next run that
 * starts: in a microtask, or after the one that is under way.
 */
export const inTurn = <A>(task: () => Promise<A>): (() => Promise<A>) => {
  let next: Promise<A> | undefined
  let last: Promise<unknown> = Promise.resolve()
  return () => {
    if (next === undefined) {
      const run = (): Promise<A> => {
        next = undefined
        return task()
      }
      next = last.then(run, run)
      last = next
      // what a task throws surfaces here
      void next.then()
    }
    return next
  }
}
