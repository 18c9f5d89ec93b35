/** Patches that take effect together, and how they pass others that were made at the same time. */
import { isPlain, memberOf } from '../../core/Json.js'
import { isSame, replaced, type Patch, type Path, type Replaced } from '../../core/Patch.js'
import { Splices, wholly } from '../parts/patches.js'

type Items = ReadonlyArray<unknown>

type Kind = 'keep' | 'remove' | 'insert'

/**
 * A step through a list: so many items stay, or these go, or these come. It does not know which
 * items stay.
 */
interface Op {
  readonly kind: Kind
  count: number
  readonly items: unknown[]
  /** How many of the items were taken. Default 0. */
  readonly at?: number
}

/** The steps through a list from its beginning. All items behind them stay. */
type Pass = ReadonlyArray<Readonly<Op>>

/** At most one patch a place. Places are named by their paths as JSON. */
export interface Edit {
  readonly values: ReadonlyMap<string, Replaced>
  readonly lists: ReadonlyMap<string, Pass>
}

/** The edit that the patches of one `diff` make. O(patches). */
export const of = (patches: ReadonlyArray<Patch>): Edit => {
  const values = new Map<string, Replaced>()
  const lists = new Map<string, Op[]>()
  const ends = new Map<string, number>()
  for (const patch of patches) {
    const name = nameOf(patch.at)
    if ('splice' in patch) {
      const ops = lists.get(name) ?? []
      add(ops, 'keep', NONE, patch.splice - (ends.get(name) ?? 0))
      add(ops, 'remove', patch.removed)
      add(ops, 'insert', patch.inserted)
      ends.set(name, patch.splice + patch.inserted.length)
      lists.set(name, ops)
    } else values.set(name, patch)
  }
  return { values, lists }
}

/** How many patches it makes, about. O(places). */
export const sizeOf = ({ values, lists }: Edit): number => values.size + [...lists.values()].flat().length

const NONE: Items = []

/** Stands behind the last step while passes are combined: all items there stay. */
const END: Op = { kind: 'keep', count: Infinity, items: [] }

/** The steps, the first one last. */
const reversed = (pass: Pass = []): Op[] => [...pass, END].reverse()

/** Takes so many items, or fewer, from the first step. There is one. */
const take = (ops: Op[], howMany: number): Items => {
  const { at = 0, count, ...op } = ops.pop()!
  const end = at + howMany
  if (howMany < count) ops.push({ ...op, count: count - howMany, at: end })
  return op.items.slice(at, end)
}

/** A step more. It joins the last one if that is of the same kind. One of no items is no step. */
const add = (ops: Op[], kind: Kind, more: Items, howMany = more.length): void => {
  if (howMany === 0) return
  if (ops.at(-1)?.kind !== kind) ops.push({ kind, count: 0, items: [] })
  const last = ops.at(-1)!
  last.count += howMany
  for (const item of more) last.items.push(item)
}

/**
 * One pass that does what two do, one after the other. Or, if they were made from the same list,
 * what the first does after the other; where both insert, `isFirst` says whose items come first.
 */
const combined = (one?: Pass, other?: Pass, isFirst?: boolean): Pass => {
  const [a, b, ops] = [reversed(one), reversed(other), [] as Op[]]
  const isInTurn = isFirst === undefined
  while (a.length > 1 || (isInTurn && b.length > 1)) {
    const [{ kind, count }, next] = [a.at(-1)!, b.at(-1)!]
    const isNext = next.kind === 'insert'
    if (isInTurn ? kind === 'remove' : kind === 'insert' && (isFirst || !isNext)) add(ops, kind, take(a, count))
    else if (isNext) {
      // what the other inserted stays, if it was made beside
      const items = take(b, next.count)
      add(ops, isInTurn ? 'insert' : 'keep', isInTurn ? items : NONE, next.count)
    } else {
      const least = Math.min(count, next.count)
      const [items, gone] = [take(a, least), take(b, least)]
      if (next.kind === 'keep') add(ops, kind, items, least)
      else if (isInTurn && kind === 'keep') add(ops, 'remove', gone)
    }
  }
  return ops
}

/**
 * The edit after another that was made from the same value. One's own gives way where the other
 * wrote a value; in lists it comes first where both insert. O(size of both).
 */
export const over = (one: Edit, other: Edit, isOwn: boolean): Edit => ({
  values: isOwn ? valuesBeside(one.values, other.values) : one.values,
  lists: new Map([...one.lists].map(([name, pass]) => [name, combined(pass, other.lists.get(name), isOwn)])),
})

/** The patches of places where others wrote nothing. */
const valuesBeside = (values: Edit['values'], others: Edit['values']): Edit['values'] => {
  const wroteIn = allAround(others)
  return new Map(
    [...values]
      .flatMap(([name, patch]) => (wroteIn.has(name) ? membersOf(patch) : [patch]))
      .filter(({ at }) => !isCovered(at, others))
      .map((patch) => [nameOf(patch.at), patch]),
  )
}

const nameOf = (at: Path): string => JSON.stringify(at)

/** The names of a place, and of the places that it is in. */
const around = (at: Path): ReadonlyArray<string> => [...at, 0].map((_, i) => nameOf(at.slice(0, i)))

/** Whether values were written to a place, or around it. */
const isCovered = (at: Path, by: Edit['values']): boolean => around(at).some((name) => by.has(name))

/** The names of all that values stand in, and their own. */
const allAround = (values: Edit['values']): ReadonlySet<string> =>
  new Set([...values.values()].flatMap(({ at }) => around(at)))

/** A patch for each member of the value. */
const membersOf = (patch: Replaced): ReadonlyArray<Replaced> => {
  const [before, after] = [patch.before ?? {}, patch.after ?? {}]
  if (!isPlain(before) || !isPlain(after)) return []
  return Object.keys({ ...before, ...after }).map((name) =>
    replaced([...patch.at, name], memberOf(before, name), memberOf(after, name)),
  )
}

/**
 * One edit that does what two do, one after the other. Undefined if one of them writes a value of
 * which the other writes a part. O(size of both).
 */
export const both = (one: Edit, next: Edit): Edit | undefined => {
  const values = new Map(one.values)
  const wroteIn = allAround(values)
  for (const [name, patch] of next.values) {
    const first = values.get(name)
    if (!first && (wroteIn.has(name) || isCovered(patch.at, one.values))) return undefined
    values.set(name, replaced(patch.at, (first ?? patch).before, patch.after))
  }
  const lists = new Map(one.lists)
  for (const [name, pass] of next.lists) lists.set(name, combined(lists.get(name), pass))
  return { values, lists }
}

/** The patches that make the edit: none where it changes nothing. O(size). */
export const patchesOf = ({ values, lists }: Edit): ReadonlyArray<Patch> => [
  ...[...values.values()].filter(({ before, after }) => !isSame(before, after)),
  ...[...lists].flatMap(splicesOf),
]

const splicesOf = ([name, ops]: readonly [string, Pass]): ReadonlyArray<Patch> => {
  const splices = new Splices(wholly)
  let index = 0
  for (const { kind, count, items } of ops) {
    if (kind === 'remove') splices.add(index, items, NONE)
    if (kind === 'insert') splices.add(index, NONE, items)
    if (kind !== 'remove') index += count
  }
  return splices.all().map((one) => ({ ...one, at: JSON.parse(name) as Path }))
}
