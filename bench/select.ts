/** Which rows and sizes a run measures. */
import type { Row } from './harness.js'

export interface Selection {
  /**
   * Beginnings of row names, separated by commas: `S5` selects S5 and S5b, and `S1` not S11.
   */
  readonly rows?: string | undefined
  /** Numbers separated by commas. A row keeps those that it lists. */
  readonly sizes?: string | undefined
  readonly quick: boolean
}

export interface Selected {
  readonly row: Row
  readonly sizes: ReadonlyArray<number>
}

/** Throws if a name selects no row, or a size no number. A row without a size left is left out. */
export const select = (all: ReadonlyArray<Row>, { rows, sizes, quick }: Selection): ReadonlyArray<Selected> => {
  const names = listOf(rows) ?? ['']
  for (const name of names) {
    if (all.some(({ id }) => isNamed(id, name))) continue
    throw new Error(`no row begins with "${name}"; there are: ${all.map(({ id }) => id).join('; ')}`)
  }
  const wanted = listOf(sizes)?.map(sizeOf)
  return all
    .filter(({ id }) => names.some((name) => isNamed(id, name)))
    .map((row) => {
      const offered = quick ? row.quick : row.sizes
      return { row, sizes: wanted === undefined ? offered : offered.filter((n) => wanted.includes(n)) }
    })
    .filter((one) => one.sizes.length > 0)
}

/** Whether an id begins with a name, and the name cuts no number in two. */
const isNamed = (id: string, name: string): boolean => id.startsWith(name) && !/^\d/.test(id.slice(name.length))

const listOf = (text: string | undefined): ReadonlyArray<string> | undefined =>
  text?.split(',').map((part) => part.trim())

const sizeOf = (text: string): number => {
  const size = Number(text)
  if (text === '' || !Number.isInteger(size)) throw new Error(`"${text}" is not a size; try 1000 or 1e5`)
  return size
}
