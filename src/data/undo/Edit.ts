/** Patches that take effect together, and how they pass others that were made at the same time. */
import { isPlain } from '../../core/Json.js'
import { isSame, type Patch, type Path, type Replaced } from '../../core/Patch.js'

type Items = ReadonlyArray<unknown>

/** A step through a list: so many items stay, or these go, or these come. */
type Op = { readonly keep: number } | { readonly remove: Items } | { readonly insert: Items }

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
  const lists = new Map<string, { readonly at: Path; readonly ops: Ops; end: number }>()
  for (const patch of patches) {
    const name = JSON.stringify(patch.at)
    if (!('splice' in patch)) {
      values.set(name, patch)
      continue
    }
    const list = lists.get(name) ?? { at: patch.at, ops: new Ops(), end: 0 }
    list.ops.add({ keep: patch.splice - list.end })
    list.ops.add({ remove: patch.removed })
    list.ops.add({ insert: patch.inserted })
    list.end = patch.splice + patch.inserted.length
    lists.set(name, list)
  }
  return { values, lists: new Map(Array.from(lists, ([name, { at, ops }]) => [name, { at, ops: ops.all }])) }
}

const lengthOf = (op: Op): number => ('keep' in op ? op.keep : 'remove' in op ? op.remove.length : op.insert.length)

/** The steps of a pass in the making. */
class Ops {
  readonly all: Op[] = []

  add(op: Op): void {
    const last = this.all.at(-1)
    if (lengthOf(op) === 0) return
    if (last !== undefined && 'keep' in last && 'keep' in op) this.all.splice(-1, 1, { keep: last.keep + op.keep })
    else if (last !== undefined && 'remove' in last && 'remove' in op) {
      this.all.splice(-1, 1, { remove: [...last.remove, ...op.remove] })
    } else if (last !== undefined && 'insert' in last && 'insert' in op) {
      this.all.splice(-1, 1, { insert: [...last.insert, ...op.insert] })
    } else this.all.push(op)
  }
}

/** What is ahead of a pass. */
class Reader {
  private readonly ops: ReadonlyArray<Op>
  private at = 0
  private within = 0

  constructor(ops: ReadonlyArray<Op>) {
    this.ops = ops
  }

  get isDone(): boolean {
    return this.at === this.ops.length
  }

  /** The step at hand. Behind the last one all items stay. */
  get op(): Op {
    return this.ops[this.at] ?? { keep: Infinity }
  }

  get length(): number {
    return lengthOf(this.op) - this.within
  }

  /** So many items of the step at hand. */
  take(count = this.length): Op {
    const { op, within } = this
    if (this.isDone) return { keep: count }
    if (count < this.length) this.within += count
    else {
      this.at++
      this.within = 0
    }
    const [from, to] = [within, within + count]
    if ('keep' in op) return { keep: count }
    return 'remove' in op ? { remove: op.remove.slice(from, to) } : { insert: op.insert.slice(from, to) }
  }
}

/** The pass after another that was made from the same list. At one place it inserts first, or not. */
const passOver = (one: Pass, other: Pass, isFirst: boolean): Pass => {
  const [a, b, ops] = [new Reader(one.ops), new Reader(other.ops), new Ops()]
  while (!a.isDone) {
    if ('insert' in a.op && (isFirst || !('insert' in b.op))) ops.add(a.take())
    else if ('insert' in b.op) ops.add({ keep: lengthOf(b.take()) })
    else {
      const count = Math.min(a.length, b.length)
      const [mine, others] = [a.take(count), b.take(count)]
      if (!('remove' in others)) ops.add(mine)
    }
  }
  return { at: one.at, ops: ops.all }
}

/** One pass that does what two do, one after the other. */
const passBoth = (one: Pass, next: Pass): Pass => {
  const [a, b, ops] = [new Reader(one.ops), new Reader(next.ops), new Ops()]
  while (!a.isDone || !b.isDone) {
    if ('remove' in a.op) ops.add(a.take())
    else if ('insert' in b.op) ops.add(b.take())
    else {
      const count = Math.min(a.length, b.length)
      const [first, second] = [a.take(count), b.take(count)]
      if (!('remove' in second)) ops.add(first)
      else if (!('insert' in first)) ops.add(second)
    }
  }
  return { at: one.at, ops: ops.all }
}

const inversePass = ({ at, ops }: Pass): Pass => ({
  at,
  ops: ops.map((op) => ('keep' in op ? op : 'remove' in op ? { insert: op.remove } : { remove: op.insert })),
})

const mapped = <A>(map: ReadonlyMap<string, A>, f: (a: A, name: string) => A): ReadonlyMap<string, A> =>
  new Map(Array.from(map, ([name, a]) => [name, f(a, name)]))

/** The edit that takes an edit back. O(size). */
export const inverse = ({ values, lists }: Edit): Edit => ({
  values: mapped(values, ({ at, ...patch }) => ({
    at,
    ...('after' in patch && { before: patch.after }),
    ...('before' in patch && { after: patch.before }),
  })),
  lists: mapped(lists, inversePass),
})

/**
 * The edit after another that was made from the same value. What the other wrote stays. In lists,
 * `isFirst` says whose items come first where both insert. O(size of both).
 */
export const over = (one: Edit, other: Edit, isFirst: boolean): Edit => ({
  values: new Map(
    [...one.values.values()]
      .flatMap((patch) => membersIf(patch, [...other.values.values()]))
      .filter(({ at }) => ![...other.values.values()].some((wrote) => isAtOrIn(wrote.at, at)))
      .map((patch) => [JSON.stringify(patch.at), patch]),
  ),
  lists: mapped(one.lists, (pass, name) => {
    const others = other.lists.get(name)
    return others === undefined ? pass : passOver(pass, others, isFirst)
  }),
})

/** Whether a place is another, or in it. */
const isAtOrIn = (outer: Path, at: Path): boolean => outer.every((key, i) => key === at[i])

const isIn = (outer: Path, at: Path): boolean => outer.length < at.length && isAtOrIn(outer, at)

/** The patch; or, if others wrote into its value, a patch for each member of it. */
const membersIf = (patch: Replaced, others: ReadonlyArray<Replaced>): ReadonlyArray<Replaced> => {
  if (!others.some(({ at }) => isIn(patch.at, at))) return [patch]
  const [before, after] = [patch.before ?? {}, patch.after ?? {}]
  if (!isPlain(before) || !isPlain(after)) return []
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].map((name) => ({
    at: [...patch.at, name],
    ...(Object.hasOwn(before, name) && { before: before[name] }),
    ...(Object.hasOwn(after, name) && { after: after[name] }),
  }))
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
    const { at, before } = first ?? patch
    values.set(name, {
      at,
      ...(before !== undefined && { before }),
      ...(patch.after !== undefined && { after: patch.after }),
    })
  }
  const lists = new Map(one.lists)
  for (const [name, pass] of next.lists) {
    const first = lists.get(name)
    lists.set(name, first === undefined ? pass : passBoth(first, pass))
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
  for (const op of ops) {
    if ('keep' in op) {
      index += op.keep
      isOpen = false
      continue
    }
    if (!isOpen) splices.push({ at, splice: index, removed: [], inserted: [] })
    isOpen = true
    const splice = splices.at(-1)!
    if ('remove' in op) splice.removed = [...splice.removed, ...op.remove]
    else {
      splice.inserted = [...splice.inserted, ...op.insert]
      index += op.insert.length
    }
  }
  return splices.filter(({ removed, inserted }) => !isSame(removed, inserted))
}
