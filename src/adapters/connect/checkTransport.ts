/**
 * Does a transport keep two stores in step, whatever goes wrong? A suite for any test runner: it
 * puts faults between connections and their transport, and looks at both stores.
 */
import { CASE, type CaseName } from './conformance/cases.js'
import { NotApplicable, Scene, Stop, type SceneOptions, type Trial } from './conformance/Scene.js'

/**
 * Joins the two stores of a trial by new transports, at least one by `trial.connect`. Gives what
 * frees them.
 */
export type MakeTransport = (trial: Trial) => (() => unknown) | Promise<() => unknown>

export type { CaseName } from './conformance/cases.js'

export interface CheckOptions extends SceneOptions {
  /** Default: all of them. */
  readonly cases?: ReadonlyArray<CaseName>
}

/** What became of a case. */
export interface CaseResult {
  readonly name: CaseName
  readonly outcome: 'passed' | 'failed' | 'not applicable'
  /** Why, if it has not passed. */
  readonly reason?: string
  readonly ms: number
}

/**
 * Runs each case over transports that `make` makes, in turn. Give a failed result to an assertion,
 * or call {@link assertTransport}. Never rejects for a fault of the transport. Takes seconds.
 *
 * @example
 * const results = await checkTransport(
 *   ({ stores: [ann, ben], connect }) => {
 *     const { port1, port2 } = new MessageChannel()
 *     connect(ann, messagePort(port1))
 *     connect(ben, messagePort(port2))
 *     return () => port1.close()
 *   },
 *   { cases: ['sync', 'loss', 'garbage'] },
 * )
 * results.map(({ outcome }) => outcome) // => ['passed', 'passed', 'passed']
 */
export const checkTransport = async (
  make: MakeTransport,
  options: CheckOptions = {},
): Promise<ReadonlyArray<CaseResult>> => {
  const results: CaseResult[] = []
  for (const name of options.cases ?? (Object.keys(CASE) as ReadonlyArray<CaseName>)) {
    const start = performance.now()
    const ended = await run(make, name, options)
    results.push({ name, ...ended, ms: Math.round(performance.now() - start) })
  }
  return results
}

/** {@link checkTransport} for a test: throws an `Error` that lists what failed. */
export const assertTransport = async (make: MakeTransport, options?: CheckOptions): Promise<void> => {
  const failed = (await checkTransport(make, options)).filter(({ outcome }) => outcome === 'failed')
  if (failed.length === 0) return
  throw new Error(failed.map(({ name, reason = '' }) => `${name}: ${reason}`).join('\n'))
}

const run = async (make: MakeTransport, name: CaseName, options: CheckOptions): Promise<Ended> => {
  const scene = new Scene(options, name)
  let end: (() => unknown) | undefined
  try {
    end = await make(scene.trial)
    // they have met before anything goes wrong
    scene.write()
    await scene.inStep()
    await CASE[name](scene)
    for (const { connection } of scene.joined) connection.close()
    for (const { connection } of scene.joined) {
      const { phase } = connection.status()
      if (phase !== 'offline') return failed(`a closed connection is ${phase}`)
    }
    const { thrown } = scene.faults
    return thrown.length === 0 ? { outcome: 'passed' } : failed(`something threw: ${thrown.join('; ')}`)
  } catch (error) {
    if (error instanceof NotApplicable) return { outcome: 'not applicable', reason: error.message }
    return failed(error instanceof Stop ? error.message : String(error))
  } finally {
    for (const { connection } of scene.joined) connection.close()
    await end?.()
  }
}

type Ended = Pick<CaseResult, 'outcome' | 'reason'>

const failed = (reason: string): Ended => ({ outcome: 'failed', reason })
