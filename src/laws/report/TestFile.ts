/** A counterexample as a test file. */
import { askedFor, type LawName, type Verdict } from '../model/Law.js'
import { view } from '../model/show.js'
import type { Feature } from './Coverage.js'

/** What a test file tells of a counterexample. */
export interface Retold {
  /** The name of the type. */
  readonly subject: string
  readonly law: { readonly name: LawName; readonly verdict: Verdict; readonly says: string }
  readonly why: string
  /** As options, `seed` and `path` find the same again. Undefined if nothing was drawn. */
  readonly seed: number | undefined
  readonly path: string | undefined
  /** The number of the run that found it, from 1. */
  readonly runs: number
  /**
   * The schedule as code, a line a step. Absent if a command cannot be written: a function, an
   * instance of a class.
   */
  readonly program?: ReadonlyArray<string>
  /** What was required of the check, if the law is `exercised`. */
  readonly required?: Readonly<Partial<Record<Feature, number>>>
}

/** What a test file needs to know: what it imports to have a subject under this name. */
export interface TestFile {
  /** The lines that import or make `subject`. */
  readonly subject?: string
  /**
   * Where `test` comes from: `node`, `bun`, `jest`, `vitest`, or a module that exports it. Default
   * `node`.
   */
  readonly runner?: string
}

const MODULES: ReadonlyMap<string, string> = new Map([
  ['node', 'node:test'],
  ['bun', 'bun:test'],
  ['jest', '@jest/globals'],
])

/**
 * A test file that fails while the counterexample holds. Its `subject` is anything that
 * {@link check} takes: yours to fill in, if it is not given. Commands that cannot be written are
 * drawn again by `seed` and `path`.
 */
export const toTest = (
  counterexample: Retold,
  { subject = "import { subject } from './subject.js'", runner = 'node' }: TestFile = {},
): string => {
  const { subject: name, law, why } = counterexample
  const again = againIn(counterexample)
  return [
    `import { test } from ${quoted(MODULES.get(runner) ?? runner)}`,
    `import { assert${again.join().includes('network(') ? ', network' : ''} } from ${quoted('scuttlebutt-ts/laws')}`,
    subject,
    '',
    `// the law ${law.name}: ${law.says}`,
    `test(${JSON.stringify(`${name}: ${why.replaceAll(/\s+/g, ' ')}`)}, () => {`,
    ...again.map((line) => `  ${line}`),
    '})',
    '',
  ].join('\n')
}

/** The lines that run it again. */
const againIn = ({ law, program, seed, path, runs, required }: Retold): ReadonlyArray<string> => {
  if (law.name === 'exercised') {
    const options = { ...(seed !== undefined && { seed }), runs, required: required ?? {} }
    return [WITH_OPTIONS, `assert(subject, ${view(options)})`]
  }
  if (program !== undefined) {
    const [first = '', ...rest] = program
    return [`const schedule = ${first}`, ...rest, `assert(subject, { schedule${lawsText(askedFor(law.name))} })`]
  }
  const drawn = seed === undefined || path === undefined ? '' : `, ${view({ seed, path })}`
  return ['// its commands cannot be written as text: they are drawn again', WITH_OPTIONS, `assert(subject${drawn})`]
}

const WITH_OPTIONS = '// with the other options of your check'

const lawsText = (laws: ReadonlyArray<LawName> | undefined): string =>
  laws === undefined ? '' : `, laws: [${laws.map(quoted).join(', ')}]`

const quoted = (text: string): string => `'${text}'`
