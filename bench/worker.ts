/** A process that measures one contestant, as its parent sees it. */
import { fork } from 'node:child_process'
import { CLOCK_VARIABLE, type ClockName } from './clock.js'

export interface Job {
  readonly row: string
  readonly contestant: string
  readonly n: number
  readonly clock: ClockName
}

/** To the child: work until enough is measured within `patience` ms, or once. */
export type Request = { readonly patience: number } | 'once'

/** From the child. `spent` is in ms by its clock and includes preparation. */
export interface Answer {
  readonly cost: number
  readonly spent: number
}

export interface Worker {
  /** The median of several runs. `patience` is in ms. */
  readonly measure: (patience: number) => Promise<number>
  readonly runOnce: () => Promise<Answer>
  readonly stop: () => void
}

/** Starts a process with `file`, a built child.ts, and waits until the contestant is warm. */
export const start = async (file: string, { row, contestant, n, clock }: Job): Promise<Worker> => {
  const child = fork(file, [row, contestant, String(n)], {
    execArgv: ['--expose-gc', '--max-old-space-size=8192'],
    env: { ...process.env, [CLOCK_VARIABLE]: clock },
  })
  const answered = (): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const fail = (): void => {
        reject(new Error(`${contestant} failed at ${row}, n = ${String(n)}`))
      }
      child.once('exit', fail)
      child.once('message', (answer) => {
        child.off('exit', fail)
        resolve(answer as Answer)
      })
    })
  const ask = (request: Request): Promise<Answer> => {
    const answer = answered()
    child.send(request)
    return answer
  }
  await answered()
  return {
    measure: async (patience) => (await ask({ patience })).cost,
    runOnce: () => ask('once'),
    stop: () => {
      child.kill()
    },
  }
}
