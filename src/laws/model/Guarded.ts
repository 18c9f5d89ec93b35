/** The state that all runs begin with, kept as it was. */
import { copyOf, overwrite } from './inPlace.js'

/** A state that all runs begin with. */
export interface Guarded {
  /** Before a run: makes it what it was at first, if a run before has written into it. */
  readonly restore: () => void
  /** After a run: what it showed at first and what it shows now, if these differ. */
  readonly written: () => readonly [was: string, now: string] | undefined
}

/**
 * Guards a value and all objects in it, by what `view` shows of it. O(size) to make, and for each
 * call.
 */
export const guarded = <A>(value: A, view: (value: A) => string): Guarded | undefined => {
  if (typeof value !== 'object' || value === null) return undefined
  const copies = copiesOf(value)
  // what cannot be shown is told where a replica is asked to show it
  const shown = (): string | undefined => {
    try {
      return view(value)
    } catch {
      return undefined
    }
  }
  let was: string | undefined
  return {
    restore: () => {
      was ??= shown()
      if (shown() === was) return
      for (const [object, copy] of copies) if (!Object.isFrozen(object)) overwrite(object, copy)
    },
    written: () => {
      const now = shown()
      return was === undefined || now === undefined || now === was ? undefined : [was, now]
    },
  }
}

/** A copy of each object that a value is made of. */
const copiesOf = (value: unknown): ReadonlyMap<object, object> => {
  const copies = new Map<object, object>()
  const todo = [value]
  while (todo.length > 0) {
    const one = todo.pop()
    if (typeof one !== 'object' || one === null || copies.has(one)) continue
    copies.set(one, copyOf(one)!)
    for (const member of membersOf(one)) todo.push(member)
  }
  return copies
}

const membersOf = (object: object): ReadonlyArray<unknown> => {
  if (object instanceof Map) return [...object.keys(), ...object.values()]
  return object instanceof Set ? [...(object as Set<unknown>)] : Object.values(object)
}
