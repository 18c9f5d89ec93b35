/**
 * The law `exercised`: the runs of a check could show a fault, and have shown what was required of
 * them.
 */
import type { Breach } from './gravity.js'
import type { Lawful } from './model/Law.js'
import type { Remedied } from './model/Violation.js'
import type { Options } from './Options.js'
import { FEATURES, shortfalls, type Coverage } from './report/Coverage.js'
import { whatItTakes, type Vacuity } from './vacuity.js'

export const EXERCISED: Breach['law'] = {
  name: 'exercised',
  says: 'the check exercised what was required of it',
  verdict: 'unlawful',
}

/** What the runs could not show, or have not shown. Undefined if they have shown all. */
export const unexercised = <R, C, M>(
  subject: Lawful<R, C, M>,
  options: Options<C>,
  coverage: Coverage,
  vacuity: Vacuity<R, C, M>,
): Remedied | undefined =>
  coverage.runs === 0 && coverage.exhaustive === undefined
    ? noRun(options, coverage)
    : (vacuity.found(subject, coverage) ?? missing(subject, options, coverage))

const noRun = ({ runs }: Pick<Options, 'runs'>, { endedBy = 'time' }: Coverage): Remedied => ({
  why: 'no run was made',
  remedy: runs === 0 ? 'give 1 or more as `runs`' : `give it a longer \`${endedBy}\``,
})

/** The required features that too few runs have shown. */
const missing = <R, C, M>(
  subject: Lawful<R, C, M>,
  { required = {}, exchanges }: Options<C>,
  coverage: Coverage,
): Remedied | undefined => {
  const lacks = shortfalls(required, coverage).map(([feature, says]): Remedied => {
    const takes = whatItTakes(feature, subject, exchanges)
    if (takes === undefined) return { why: says, remedy: MEET }
    const why = `${FEATURES[feature]}: never, in this form`
    return { why, remedy: `leave \`${feature}\` out of \`required\`: it takes ${takes}` }
  })
  if (lacks.length === 0) return undefined
  const remedies = new Set(lacks.map(({ remedy }) => remedy))
  return { why: lacks.map(({ why }) => why).join('; '), remedy: [...remedies].join('; ') }
}

const MEET = 'give commands on fewer keys that are refused less often, more `runs`, or less in `required`'
