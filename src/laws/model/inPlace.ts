/** Copies an object, and writes a copy back. */

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
