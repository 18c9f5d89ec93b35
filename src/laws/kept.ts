/** Failures kept between runs of a test: what broke a law yesterday is tried first today. */

/** As options, these find a counterexample again. */
export interface Replay {
  readonly seed: number
  readonly path: string
}

/** Where checks keep their failures, by the names of the types. */
export interface Kept {
  readonly get: (subject: string) => Replay | undefined
  /** Without a replay, forgets the one that there is. */
  readonly set: (subject: string, replay: Replay | undefined) => void
}

/** What {@link keptIn} needs of `node:fs`. */
export interface Files {
  readonly existsSync: (file: string) => boolean
  readonly readFileSync: (file: string, encoding: 'utf8') => string
  readonly writeFileSync: (file: string, text: string) => void
  /** Makes the folder of the file, if it is not there. */
  readonly mkdirSync?: (folder: string, options: { readonly recursive: true }) => unknown
}

/**
 * Keeps failures in a file of JSON, and makes its folder. Text that is no such JSON counts as
 * nothing kept. Errors of `fs` are thrown; a counterexample that cannot be kept is told all the
 * same. Tests that run at once need files of their own.
 *
 * @example
 * import * as fc from 'fast-check'
 * // `fs` of Node, or anything that does the same
 * let written = '{}'
 * const fs = {
 *   existsSync: () => true,
 *   readFileSync: () => written,
 *   writeFileSync: (_, text) => { written = text },
 * }
 * const last = operations({ name: 'last', empty: 0, command: fc.nat(3), apply: (n) => () => n })
 * const kept = keptIn(fs, 'failures.json')
 * const { left } = check(last, { kept })
 * // the next run, in whatever process, tries that first
 * check(last, { kept }).left.seed === left.seed // => true
 */
export const keptIn = (fs: Files, file: string): Kept => {
  const all = (): ReadonlyMap<string, Replay> =>
    new Map(Object.entries(fs.existsSync(file) ? parsed(fs.readFileSync(file, 'utf8')) : {}))
  return {
    get: (subject) => all().get(subject),
    set: (subject, replay) => {
      const others = [...all()].filter(([name]) => name !== subject)
      const next = replay === undefined ? others : [...others, [subject, replay] as const]
      const [folder] = /^.*[/\\](?=[^/\\]*$)/.exec(file) ?? []
      if (folder !== undefined && !fs.existsSync(folder)) fs.mkdirSync?.(folder, { recursive: true })
      fs.writeFileSync(file, `${JSON.stringify(Object.fromEntries(next), undefined, 2)}\n`)
    },
  }
}

const parsed = (text: string): Readonly<Record<string, Replay>> => {
  try {
    const json: unknown = JSON.parse(text)
    if (typeof json !== 'object' || json === null) return {}
    return Object.fromEntries(Object.entries(json).filter(([, one]) => isReplay(one)))
  } catch {
    return {}
  }
}

const isReplay = (json: unknown): json is Replay =>
  typeof json === 'object' &&
  json !== null &&
  'seed' in json &&
  Number.isInteger(json.seed) &&
  'path' in json &&
  isPath(json.path)

/** Whether fast-check takes a path, and counterexamples give it. */
export const isPath = (path: unknown): path is string => typeof path === 'string' && /^\d+(:\d+)*$/.test(path)
