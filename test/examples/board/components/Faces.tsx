import type { Person } from '../people.js'

/** A dot with a letter for each. */
export const Faces = ({ people }: { readonly people: ReadonlyArray<Person> }) =>
  people.length > 0 && (
    <span className="faces">
      {people.map((person, i) => (
        <Face key={i} {...person} />
      ))}
    </span>
  )

const Face = ({ name, hue }: Person) => (
  <span
    className="face"
    role="img"
    aria-label={name}
    title={name}
    style={{ background: `hsl(${String(hue)} 60% 38%)` }}
  >
    {name.slice(0, 1).toUpperCase()}
  </span>
)
