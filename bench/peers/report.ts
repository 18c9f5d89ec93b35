/** The results as PEERS.md. */
import type { Outcome, Results } from './run.js'

const row = (...cells: ReadonlyArray<string>): string => `| ${cells.join(' | ')} |`

const SCRIPTS = '../test/laws/peers/'

const linksTo = (scripts: string | undefined): string =>
  (scripts ?? '')
    .split(', ')
    .filter((name) => name !== '')
    .map((name) => `[${name}](${SCRIPTS}${name}.ts)`)
    .join(', ')

const verdictOf = ({ verdict, law, script, known = 0 }: Outcome): string => {
  if (verdict === 'ok' && known > 0) return `ok, but for ${known.toLocaleString('en')} runs by the known fault`
  if (verdict === 'ok') return script === undefined ? 'ok' : 'not met in these runs'
  return `${verdict === law ? verdict : `${verdict} (${law ?? ''})`}${script === undefined ? ', no script yet' : ''}`
}

const lineOf = (outcome: Outcome): string => {
  const { library, version, type, runs, seed, seconds, steps, script } = outcome
  const length = steps === undefined ? '' : String(steps)
  return row(
    `${library} ${version}`,
    type,
    runs.toLocaleString('en'),
    seed === undefined ? '' : String(seed),
    seconds.toFixed(0),
    verdictOf(outcome),
    length,
    linksTo(script),
  )
}

/** The networks and the time of a library's rows together. */
const totalsOf = (outcomes: ReadonlyArray<Outcome>): ReadonlyArray<string> => {
  const libraries = [...new Set(outcomes.map(({ library }) => library))]
  return libraries.map((library) => {
    const ofIt = outcomes.filter((outcome) => outcome.library === library)
    const sum = (count: (outcome: Outcome) => number): number => ofIt.reduce((all, one) => all + count(one), 0)
    const [runs, seconds] = [sum((one) => one.runs), sum((one) => one.seconds)]
    return row(library, String(ofIt.length), runs.toLocaleString('en'), seconds.toFixed(0))
  })
}

const promisesOf = (outcomes: ReadonlyArray<Outcome>): ReadonlyArray<string> => {
  const lines = outcomes.map(({ library, promise }) => `- ${library}: ${promise}.`)
  return [...new Set(lines)].filter((line) => !line.endsWith(': the same.'))
}

const hostileTable = (hostile: Results['hostile']): ReadonlyArray<string> => {
  const inputs = [...new Set(Object.values(hostile).flatMap((by) => Object.keys(by)))]
  return [
    row('library', ...inputs),
    row(...['', ...inputs].map(() => '---')),
    ...Object.entries(hostile).map(([library, by]) => row(library, ...inputs.map((input) => by[input] ?? ''))),
  ]
}

export const toMarkdown = ({ outcomes, hostile }: Results): string =>
  [
    '# The kit over the libraries that people use',
    '',
    'Written by `npm run bench:laws -- --peers [--for <seconds>] [--runs <n>] [--seed <n>] [--only <name>]`:',
    'do not edit.',
    '',
    'A run is a random network of 2 to 7 replicas. `runs` and `seconds` go to the end of the search, or to the first run that',
    'breaks the law and what it takes to make it small; `steps` is the length of the smallest counterexample. Each script',
    'shows the fault by that library alone; `npx vitest run test/laws/peers.test.ts` says whether it is still there. The same',
    '`seed` gives the same runs, so a fault comes in the same run again; no seed was kept of some searches that found nothing.',
    '',
    row('library', 'type and way of exchange', 'runs', 'seed', 'seconds', 'verdict', 'steps', 'script'),
    row('---', '---', '--:', '--:', '--:', '---', '--:', '---'),
    ...Object.values(outcomes).map(lineOf),
    '',
    'Each library is searched through 100,000 networks in all, or for ten minutes:',
    '',
    row('library', 'rows', 'runs', 'seconds'),
    row('---', '--:', '--:', '--:'),
    ...totalsOf(Object.values(outcomes)),
    '',
    'What each promises, and is held to:',
    '',
    ...promisesOf(Object.values(outcomes)),
    '',
    'cojson and Evolu are not in package.json: the first is 150 MB, the second asks for Node 22 and a native SQLite. `npm install',
    '--no-save cojson@0.20.19` installs the first, and then `--only cojson` checks it. `npm install --no-save --legacy-peer-deps',
    'cojson@0.20.19 @evolu/common@7.4.1 better-sqlite3@12` installs both, and then `--only @evolu` checks the second. A row stays',
    'as it is where its library is not installed. Evolu 8 asks for Node 24. One clock: each edit is later than all before it.',
    '',
    '## Hostile input',
    '',
    'A peer sends an update that is not what the library made. `refuses`: it throws and the document stays as it was.',
    '`ignores`: it does not throw, and nothing changes. `accepts`: the document shows something else than before.',
    '`broken after`: a good update that comes later does not arrive any more. `pollutes`: every object of the program has a',
    'new member. `hangs`: the attempts do not end in 10 s. Of many attempts, the worst counts.',
    '',
    ...hostileTable(hostile),
    '',
    '## Left out',
    '',
    '- automerge-repo: it has no way to say that two repositories have nothing more to tell each other.',
    '',
  ].join('\n')
