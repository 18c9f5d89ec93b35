/** Patches that take effect together, and how they pass others that were made at the same time. */
import { isPlain, memberOf } from '../../core/Json.js'
import { isSame, replaced, type Patch, type Path, type Replaced } from '../../core/Patch.js'

type Items = ReadonlyArray<unknown>

type Kind = 'keep' | 'remove' | 'insert'

/** A step through a list: so many items stay, or these go, or these come. What stays is not known. */
interface Op {
  readonly kind: Kind
  readonly count: number
  readonly items: Items
}

/** The steps through a list from its beginning. All items behind them stay. */
interface Pass {
  readonly at: Path
  readonly ops: ReadonlyArray<Op>
}

/** At most one patch a place. Places are named by their paths as JSON. */
export interface Edit {
  readonly values: ReadonlyMap<string, Replaced>
  readonly lists: ReadonlyMap<string, Pass>
}

/** The edit that the patches of one `diff` make. O(patches). */
export const of = (patches: ReadonlyArray<Patch>): Edit => {
  const values = new Map<string, Replaced>()
  const lists = new Map<string, { readonly at: Path; readonly ops: Op[]; end: number }>()
  for (const patch of patches) {
    const name = JSON.stringify(patch.at)
    if (!('splice' in patch)) {
      values.set(name, patch)
      continue
    }
    const list = lists.get(name) ?? { at: patch.at, ops: [], end: 0 }
    add(list.ops, 'keep', [], patch.splice - list.end)
    add(list.ops, 'remove', patch.removed)
    add(list.ops, 'insert', patch.inserted)
    list.end = patch.splice + patch.inserted.length
    lists.set(name, list)
  }
  return { values, lists }
}

/** What is ahead of a pass. Behind its last step all items stay. */
const reader = ({ ops }: Pass) => {
  let at = 0
  let within = 0
  const hand = (): Op => ops[at] ?? END
  return {
    kind: (): Kind => hand().kind,
    left: (): number => hand().count - within,
    isDone: (): boolean => at === ops.length,
    /** Goes on by some items of the step at hand, and gives them. */
    take: (count: number): Items => {
      const { items, count: all } = hand()
      const taken = items.slice(within, (within += count))
      if (within === all) {
        at++
        within = 0
      }
      return taken
    },
  }
}

const END: Op = { kind: 'keep', count: Infinity, items: [] }

/** A step more. It joins the last one if that is of the same kind. */
const add = (ops: Op[], kind: Kind, items: Items, count = items.length): void => {
  const last = ops.at(-1)?.kind === kind ? ops.pop() : undefined
  if (last !== undefined) ops.push({ kind, count: last.count + count, items: [...last.items, ...items] })
  else if (count > 0) ops.push({ kind, count, items })
}

/**
 * One pass that does what two do, one after the other. Or, if they were made from the same list,
 * what the first does after the other; where both insert, `first` says whose items come first.
 */
const combined = (one: Pass, other: Pass, first?: 'one' | 'other'): Pass => {
  const [a, b, ops] = [reader(one), reader(other), [] as Op[]]
  const isOver = first !== undefined
  while (!a.isDone() || !(isOver || b.isDone())) {
    const [kind, next] = [a.kind(), b.kind()]
    const isBefore = isOver ? kind === 'insert' && (first === 'one' || next !== 'insert') : kind === 'remove'
    if (isBefore) add(ops, kind, a.take(a.left()))
    else if (next === 'insert') {
      const count = b.left()
      const items = b.take(count)
      add(ops, isOver ? 'keep' : next, isOver ? [] : items, count)
    } else {
      const count = Math.min(a.left(), b.left())
      const [items, gone] = [a.take(count), b.take(count)]
      if (next === 'keep') add(ops, kind, items, count)
      else if (!isOver && kind === 'keep') add(ops, next, gone)
    }
  }
  return { at: one.at, ops }
}

const OPPOSITE = { keep: 'keep', remove: 'insert', insert: 'remove' } as const

const mapped = <A>(map: ReadonlyMap<string, A>, f: (a: A, name: string) => A): ReadonlyMap<string, A> =>
  new Map(Array.from(map, ([name, a]) => [name, f(a, name)]))

/** The edit that takes an edit back. O(size). */
export const inverse = ({ values, lists }: Edit): Edit => ({
  values: mapped(values, ({ at, before, after }) => replaced(at, after, before)),
  lists: mapped(lists, ({ at, ops }) => ({ at, ops: ops.map((op) => ({ ...op, kind: OPPOSITE[op.kind] })) })),
})

/**
 * The edit after another that was made from the same value. One's own gives way where the other
 * wrote a value; in lists it comes first where both insert. O(size of both).
 */
export const over = (one: Edit, other: Edit, isOwn: boolean): Edit => ({
  values: isOwn ? valuesBeside(one.values, [...other.values.values()]) : one.values,
  lists: mapped(one.lists, (pass, name) => {
    const others = other.lists.get(name)
    return others === undefined ? pass : combined(pass, others, isOwn ? 'one' : 'other')
  }),
})

/** The patches of places where others wrote nothing. */
const valuesBeside = (values: Edit['values'], others: ReadonlyArray<Replaced>): Edit['values'] =>
  new Map(
    [...values.values()]
      .flatMap((patch) => membersIf(patch, others))
      .filter(({ at }) => !others.some((wrote) => isAtOrIn(wrote.at, at)))
      .map((patch) => [JSON.stringify(patch.at), patch]),
  )

/** Whether a place is another, or in it. */
const isAtOrIn = (outer: Path, at: Path): boolean => outer.every((key, i) => key === at[i])

const isIn = (outer: Path, at: Path): boolean => outer.length < at.length && isAtOrIn(outer, at)

/** The patch; or, if others wrote into its value, a patch for each member of it. */
const membersIf = (patch: Replaced, others: ReadonlyArray<Replaced>): ReadonlyArray<Replaced> => {
  if (!others.some(({ at }) => isIn(patch.at, at))) return [patch]
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
  for (const [name, patch] of next.values) {
    const first = values.get(name)
    if ([...values.values()].some(({ at }) => isIn(at, patch.at) || isIn(patch.at, at))) return undefined
    values.set(name, replaced(patch.at, (first ?? patch).before, patch.after))
  }
  const lists = new Map(one.lists)
  for (const [name, pass] of next.lists) {
    const first = lists.get(name)
    lists.set(name, first === undefined ? pass : combined(first, pass))
  }
  return { values, lists }
}

/** The patches that make the edit: none where it changes nothing. O(size). */
export const patchesOf = ({ values, lists }: Edit): ReadonlyArray<Patch> => [
  ...[...values.values()].filter(({ before, after }) => !isSame(before, after)),
  ...[...lists.values()].flatMap(splicesOf),
]

const splicesOf = ({ at, ops }: Pass): ReadonlyArray<Patch> => {
  const splices: { readonly at: Path; readonly splice: number; removed: Items; inserted: Items }[] = []
  let index = 0
  let isOpen = false
  for (const { kind, count, items } of ops) {
    if (kind !== 'remove') index += count
    if (kind !== 'keep' && !isOpen) {
      splices.push({ at, splice: kind === 'insert' ? index - count : index, removed: [], inserted: [] })
    }
    isOpen = kind !== 'keep'
    const last = splices.at(-1)
    if (kind === 'remove') last!.removed = [...last!.removed, ...items]
    else if (kind === 'insert') last!.inserted = [...last!.inserted, ...items]
  }
  return splices.filter(({ removed, inserted }) => !isSame(removed, inserted))
}
