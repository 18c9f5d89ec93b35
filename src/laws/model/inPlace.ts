/** Objects that are written into, or must not be. */

/** A copy of the outermost object; undefined for a value that cannot be written into. */
export const copyOf = <A>(value: A): A | undefined => {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) return [...(value as unknown[])] as A
  if (value instanceof Map) return new Map(value) as A
  if (value instanceof Set) return new Set(value) as A
  return Object.create(Object.getPrototypeOf(value) as object, Object.getOwnPropertyDescriptors(value)) as A
}

/** Makes the outermost object hold what another does. */
export const overwrite = (object: object, next: object): void => {
  if (Array.isArray(object)) object.splice(0, object.length, ...(next as unknown[]))
  else if (object instanceof Map) {
    object.clear()
    for (const [key, value] of next as Map<unknown, unknown>) object.set(key, value)
  } else if (object instanceof Set) {
    object.clear()
    for (const value of next as Set<unknown>) object.add(value)
  } else {
    for (const key of Reflect.ownKeys(object)) Reflect.deleteProperty(object, key)
    Object.defineProperties(object, Object.getOwnPropertyDescriptors(next))
  }
}

/** A state that all runs begin with. */
export interface Guarded {
  /** Before a run: makes it what it was at first, if a run before has written into it. */
  readonly restore: () => void
  /** After a run: what it showed at first and what it shows now, if these differ. */
  readonly written: () => readonly [was: string, now: string] | undefined
}

/** Guards a value and all objects in it, by what `view` shows of it. O(size), as each question. */
export const guarded = (value: unknown, view: () => string): Guarded | undefined => {
  if (typeof value !== 'object' || value === null) return undefined
  const copies = copiesOf(value)
  let was: string | undefined
  return {
    restore: () => {
      was ??= view()
      if (view() === was) return
      for (const [object, copy] of copies) if (!Object.isFrozen(object)) overwrite(object, copy)
    },
    written: () => {
      const now = view()
      return was === undefined || now === was ? undefined : [was, now]
    },
  }
}

/** A copy of each object that a value is made of. */
const copiesOf = (value: unknown, copies = new Map<object, object>()): ReadonlyMap<object, object> => {
  if (typeof value !== 'object' || value === null || copies.has(value)) return copies
  copies.set(value, copyOf(value)!)
  for (const member of membersOf(value)) copiesOf(member, copies)
  return copies
}

const membersOf = (object: object): ReadonlyArray<unknown> => {
  if (object instanceof Map) return [...object.keys(), ...object.values()]
  return object instanceof Set ? [...(object as Set<unknown>)] : Object.values(object)
}
