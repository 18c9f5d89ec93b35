import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { either as E } from 'fp-ts'
import { left, right } from '../../src/core/Either.js'
import { createRounds } from '../../src/adapters/storage/Rounds.js'
import { inMemory } from '../runs.js'

const RANDOM_SCHEDULES = inMemory(300)

type Outcome = E.Either<string, void>

/** A sink in memory. Each round waits until the test ends it. */
const sink = () => {
  let pending: number[] = []
  const written: number[][] = []
  const awaited: boolean[] = []
  const running: ((outcome: Outcome) => void)[] = []
  const rounds = createRounds<string>({
    write: async (isAwaited) => {
      const items = pending
      pending = []
      awaited.push(isAwaited)
      const outcome = await new Promise<Outcome>((resolve) => running.push(resolve))
      if (outcome._tag === 'Right') written.push(items)
      else pending = items.concat(pending)
      return outcome
    },
    hasMore: () => pending.length > 0,
    isSaved: () => pending.length === 0,
    closed: 'closed',
  })
  const add = (item: number): void => {
    pending.push(item)
    rounds.wake()
  }
  /** Ends the running round. */
  const end = async (outcome: Outcome = right(undefined)): Promise<void> => {
    await settled()
    running.shift()?.(outcome)
    await settled()
  }
  return { rounds, add, end, written, awaited, running, pending: () => pending }
}

/** Lets all microtasks run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('Rounds', () => {
  test('write all changes of one call stack in one round, and later ones in the next', async () => {
    const { add, end, written } = sink()
    add(1)
    add(2)
    await settled()
    add(3)
    add(4)
    await end()
    await end()
    expect(written).toEqual([
      [1, 2],
      [3, 4],
    ])
  })

  test('never run two at once, and stop when there is no more', async () => {
    const { rounds, add, end, running, awaited } = sink()
    add(1)
    await settled()
    rounds.wake()
    add(2)
    await settled()
    expect(running).toHaveLength(1)
    await end()
    await end()
    expect(running).toHaveLength(0)
    expect(awaited).toEqual([false, false])
  })

  test('tell each flush the outcome of a round that began after it', async () => {
    const { rounds, add, end, written, awaited } = sink()
    const outcomes: string[] = []
    const flush = (name: string): void =>
      void rounds.flush().then((outcome) => outcomes.push(`${name} ${outcome._tag}`))
    add(1)
    flush('first')
    flush('second')
    await settled()
    flush('third')
    await end(left('full'))
    expect(outcomes).toEqual(['first Left', 'second Left'])
    await end()
    expect(outcomes).toEqual(['first Left', 'second Left', 'third Right'])
    expect([written, awaited]).toEqual([[[1]], [true, true]])
  })

  test('stop after a failure, and begin again with the next change or flush', async () => {
    const { rounds, add, end, running, written } = sink()
    add(1)
    await end(left('full'))
    expect(running).toHaveLength(0)
    add(2)
    await end(left('full'))
    const flushed = rounds.flush()
    await end()
    expect(await flushed).toEqual(right(undefined))
    expect(written).toEqual([[1, 2]])
  })

  test('close after a flush that succeeds, and stay open after one that fails', async () => {
    const { rounds, add, end, running, written } = sink()
    add(1)
    const failed = rounds.close()
    await end(left('full'))
    expect([await failed, rounds.isClosed]).toEqual([left('full'), false])
    const closed = rounds.close()
    await end()
    expect([await closed, rounds.isClosed]).toEqual([right(undefined), true])
    expect(await rounds.flush()).toEqual(right(undefined))
    add(2)
    await settled()
    expect(running).toHaveLength(0)
    expect([await rounds.flush(), await rounds.close()]).toEqual([left('closed'), left('closed')])
    expect(written).toEqual([[1]])
  })

  test('end with the round that closes: what comes during it is not written, nor any flush left waiting', async () => {
    const { rounds, add, end, running, written, pending } = sink()
    add(1)
    const closed = rounds.close()
    await settled()
    add(2)
    const late = rounds.flush()
    await end()
    await settled()
    expect([await closed, running, written, pending()]).toEqual([right(undefined), [], [[1]], [2]])
    expect(await late).toEqual(left('closed'))
  })

  test('that are stopped leave no flush waiting', async () => {
    const { rounds, add, end, running } = sink()
    add(1)
    await settled()
    const waiting = rounds.flush()
    rounds.stop()
    await end(left('full'))
    expect([await waiting, running]).toEqual([left('closed'), []])
  })

  test('reject a flush if the sink throws, and go on', async () => {
    const failures: unknown[] = []
    const uncaught = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection')
    process.once('unhandledRejection', (error) => {
      failures.push(error)
    })
    let isBroken = true
    const write = (): Promise<Outcome> =>
      isBroken ? Promise.reject(new Error('a bug')) : Promise.resolve(right(undefined))
    const rounds = createRounds<string>({ write, hasMore: () => false, isSaved: () => true, closed: 'closed' })
    await expect(rounds.flush()).rejects.toThrow('a bug')
    await settled()
    for (const listener of uncaught) process.on('unhandledRejection', listener)
    expect(failures).toMatchObject([{ message: 'a bug' }])
    isBroken = false
    expect(await rounds.flush()).toEqual(right(undefined))
  })

  test('lose nothing, repeat nothing and keep the order, whatever fails and whenever', async () => {
    const step = fc.constantFrom('add', 'flush', 'succeed', 'fail', 'pause')
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { rounds, add, end, running, written, pending } = sink()
        let added = 0
        let acknowledged = 0
        for (const each of steps) {
          const upTo = added
          if (each === 'add') add(added++)
          else if (each === 'pause') await settled()
          else if (each !== 'flush') await end(each === 'fail' ? left('full') : right(undefined))
          else {
            void rounds.flush().then((outcome) => {
              if (outcome._tag === 'Right') acknowledged = Math.max(acknowledged, upTo)
            })
          }
          expect(running.length).toBeLessThanOrEqual(1)
          expect(written.flat().length).toBeGreaterThanOrEqual(acknowledged)
        }
        const closing = rounds.close()
        await settled()
        while (running.length > 0) await end()
        expect((await closing)._tag).toBe('Right')
        expect(written.flat()).toEqual(Array.from({ length: added }, (_, item) => item))
        expect(pending()).toEqual([])
      }),
      { numRuns: RANDOM_SCHEDULES },
    )
  })
})
