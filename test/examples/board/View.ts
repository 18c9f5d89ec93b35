/** What the parts of the page share. */
import { createContext, useContext } from 'react'
import { shallow, usePresence } from 'scuttlebutt-ts/react'
import type { Notes, Rows } from './board.js'
import type { People, Person } from './people.js'

export interface View {
  /** The rows and notes shown: those of now, or of an old version. */
  readonly rows: Rows
  readonly notes: Notes
  /** An old version cannot be edited. */
  readonly isPast: boolean
  /** Of an old version: the ids of the rows that are different now. */
  readonly differing: ReadonlySet<string>
  readonly people: People
  /** Tells a screen reader. */
  readonly say: (text: string) => void
}

export const ViewContext = createContext<View | undefined>(undefined)

export const useView = (): View => {
  const view = useContext(ViewContext)
  if (view === undefined) throw new Error('there is no view around this component')
  return view
}

/** Those of the others who are at work at a place. */
export const useOthersAt = (place: string): ReadonlyArray<Person> => {
  const { people, isPast } = useView()
  return usePresence(people, (peers) => [...peers.values()].filter(({ at }) => at === place && !isPast), shallow)
}
