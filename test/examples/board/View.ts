/** What the parts of the page share. */
import { createContext, useContext, useSyncExternalStore } from 'react'
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

export const useMe = (people: People): Person => useSyncExternalStore(people.subscribe, people.me)

export const useOthers = (people: People): ReadonlyArray<Person> =>
  useSyncExternalStore(people.subscribe, people.others)

/** Those of the others who are at work at a place. */
export const useOthersAt = (place: string): ReadonlyArray<Person> => {
  const { people, isPast } = useView()
  const others = useOthers(people)
  return isPast ? [] : others.filter(({ at }) => at === place)
}
