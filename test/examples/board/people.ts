/** Who is here, and where each is at work. Told to the others, and never kept. */
import * as t from 'io-ts'
import { createPresence, type Presence } from 'scuttlebutt-ts/presence'

const bias = t.union([t.literal(-1), t.literal(1)])

const cursor = t.union([
  t.readonly(t.tuple([t.number, t.number, t.string, bias])),
  t.readonly(t.tuple([t.literal(0), bias])),
])

const person = t.readonly(
  t.type({
    name: t.string,
    /** Of their colour, in degrees. */
    hue: t.number,
    /** The id of a row, or {@link NOTES}; null for nowhere. */
    at: t.union([t.string, t.null]),
    /** In the notes. */
    caret: t.union([cursor, t.null]),
  }),
)

export type Person = t.TypeOf<typeof person>
export type People = Presence<Person>

/** Where somebody is who writes notes. No row has this id. */
export const NOTES = 'notes'

const NAMES = ['Ada', 'Ben', 'Cleo', 'Dan', 'Eva', 'Finn', 'Gia', 'Hugo', 'Ida', 'Jon', 'Kim', 'Leo', 'Mia', 'Noa']

const HUES = [12, 38, 95, 150, 190, 265, 310, 340]

const oneOf = <A>(all: ReadonlyArray<A>): A => all[Math.floor(Math.random() * all.length)]!

/** A name and a colour for a new visitor, or those of their last visit. */
export const openPeople = (id: string): People => {
  const people = createPresence({ id, codec: person, timeout: 15_000 })
  const name = localStorage.getItem('name') ?? oneOf(NAMES)
  const hue = Number(localStorage.getItem('hue') ?? oneOf(HUES))
  localStorage.setItem('hue', String(hue))
  people.set({ name, hue, at: null, caret: null })
  rename(people, name)
  return people
}

export const rename = (people: People, name: string): void => {
  localStorage.setItem('name', name)
  tell(people, { name })
}

export const tell = (people: People, news: Partial<Person>): void => {
  const before = people.value()!
  const isNews = Object.entries(news).some(([key, value]) => before[key as keyof Person] !== value)
  if (isNews) people.set({ ...before, ...news })
}
