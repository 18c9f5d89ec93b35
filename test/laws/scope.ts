/** The small scopes in which every run of our own types is visited. */
import fc from 'fast-check'
import { scuttlebutt } from '../../src/index.js'
import type { Scope } from '../../src/laws/index.js'
import type { table } from '../table.js'

type Entry = (typeof table)[number]

/** Some commands of a type that a new replica does not refuse, the same each time. */
const commandsOf = ({ dataType, change }: Entry, count: number) => {
  const core = scuttlebutt(dataType)
  return fc
    .sample(change, { seed: 3, numRuns: 50 })
    .filter((command) => core.change(command, 1)(core.create('a'))._tag === 'Right')
    .slice(0, count)
}

/** Three replicas that write so often together, each time one of so many commands. */
export const scopeOf = (
  entry: Entry,
  updates: number,
  commands: number,
): Scope<ReturnType<typeof commandsOf>[number]> => ({
  replicas: 3,
  updates,
  commands: commandsOf(entry, commands),
  maxStates: Infinity,
})
