/**
 * The order of the test files. vitest knows only how large a file is, until it has run once: what
 * takes longest came last, and then a core waited for the other. The rest comes as vitest has it.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Longest first, but for two at the start: they have an environment of their own, and so a process.
 * Browsers and demos come once the checks of `npm test` have left the cores.
 */
const LONG = [
  'react/react',
  'presence/react',
  'package/package',
  'convergence',
  'file/file',
  'laws/mutants',
  'laws/corpus',
  'laws/later',
  'original/interop-5.5.20',
  'original/interop-5.6.15',
  'file/crash',
  'truth/model',
  'examples/fenced',
  'examples/board',
  'connect/conformance',
  'examples/demo',
  'security/keys',
  'data/together',
  'indexeddb/browser',
  'file/damage',
  'core/forks',
  'laws/exhaustive',
].map((name) => `/test/${name}.test.ts`)

const rankOf = ({ moduleId }: TestSpecification): number => {
  const rank = LONG.findIndex((name) => moduleId.endsWith(name))
  return rank < 0 ? LONG.length : rank
}

export default class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rankOf(a) - rankOf(b))
  }
}
