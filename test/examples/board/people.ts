/** Who is here: names and colours, and where each is at work. */

/** What each tells the others. It is never kept. */
export interface Person {
  readonly id: string
  readonly name: string
  /** Of their colour, in degrees. */
  readonly hue: number
  /** The id of a row, or `NOTES`; null for nowhere. */
  readonly at: string | null
}

export interface People {
  readonly me: () => Person
  /** Oneself is not among them. The same array until somebody changes. */
  readonly others: () => ReadonlyArray<Person>
  readonly subscribe: (listener: () => void) => () => void
  readonly tell: (news: Partial<Omit<Person, 'id'>>) => void
}

/** Where somebody is who writes notes. No row has this id. */
export const NOTES = 'notes'

const NAMES = ['Ada', 'Ben', 'Cleo', 'Dan', 'Eva', 'Finn', 'Gia', 'Hugo', 'Ida', 'Jon', 'Kim', 'Leo', 'Mia', 'Noa']

const HUES = [12, 38, 95, 150, 190, 265, 310, 340]

const oneOf = <A>(all: ReadonlyArray<A>): A => all[Math.floor(Math.random() * all.length)]!

/** A name and a colour for a new visitor, or those of their last visit. */
export const myself = (id: string): Person => {
  const name = localStorage.getItem('name') ?? oneOf(NAMES)
  const hue = Number(localStorage.getItem('hue') ?? oneOf(HUES))
  localStorage.setItem('name', name)
  localStorage.setItem('hue', String(hue))
  return { id, name, hue, at: null }
}

export const aloneFor = (id: string): People => {
  let me = myself(id)
  const listeners = new Set<() => void>()
  const nobody: ReadonlyArray<Person> = []
  return {
    me: () => me,
    others: () => nobody,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    tell: (news) => {
      me = { ...me, ...news }
      for (const listener of listeners) listener()
    },
  }
}
