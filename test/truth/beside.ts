/** Two implementations side by side as one, which throws where they differ. */
import type { Implementation, Said } from './implementation.js'
import { nameOf } from './replica.js'

export interface Both<A, B> {
  readonly one: A
  readonly two: B
}

/** The two implementations did different things. The message is for the reader of a failed test. */
export class Difference extends Error {
  override readonly name = 'Difference'
}

const check = (what: string, one: unknown, two: unknown): void => {
  const [a, b] = [JSON.stringify(one), JSON.stringify(two)]
  if (a !== b) throw new Difference(`after ${what}:\n  one ${a}\n  two ${b}`)
}

/** What can be compared of two replicas. Prints may have different forms, their ends may not. */
const shown = <R, M>(impl: Implementation<R, M>, replica: R): unknown => {
  const { clock, floor, doubt = {} } = impl.digest(replica)
  return {
    sure: Object.entries(clock).sort(),
    floor: floor ?? 0,
    doubt: Object.entries(doubt)
      .map(([source, pieces]) => [source, pieces.map(([upTo]) => upTo)])
      .sort(),
    holds: impl.holds(replica).map(nameOf),
    unread: impl.unread(replica),
    state: impl.state(replica),
  }
}

/** Those that cannot be read may go behind the others. */
const inOrder = (said: Said): Said => ({ ...said, updates: [...said.updates].sort() })

/** `one` is asked where there is but one answer to give, such as the digest. */
export const beside = <R, M, Q, N>(
  one: Implementation<R, M>,
  two: Implementation<Q, N>,
): Implementation<Both<R, Q>, Both<M, N>> => {
  const same = (what: string, before: Both<R, Q> | undefined, a: R, b: Q): Both<R, Q> => {
    if (a === before?.one && b === before.two) return before
    check(what, shown(one, a), shown(two, b))
    return { one: a, two: b }
  }
  const said = (what: string, a: M | undefined, b: N | undefined): Both<M, N> | undefined => {
    check(`${what}: an answer`, a !== undefined, b !== undefined)
    if (a === undefined || b === undefined) return undefined
    const [first, second]: ReadonlyArray<Said | undefined> = [one.says?.(a), two.says?.(b)]
    if (first !== undefined && second !== undefined) check(`${what}: what it says`, inOrder(first), inOrder(second))
    return { one: a, two: b }
  }
  return {
    create: (id, policy) => same('create', undefined, one.create(id, policy), two.create(id, policy)),
    write: (writes, now) => (r) => {
      const [made, a] = one.write(writes, now)(r.one)
      const [other, b] = two.write(writes, now)(r.two)
      check('write: the update', nameOf(made), nameOf(other))
      return [made, same('write', r, a, b)]
    },
    restore: (r) => same('restore', r, one.restore(r.one), two.restore(r.two)),
    open: (r) => said('open', one.open(r.one), two.open(r.two))!,
    reconcile: (message, budget) => (r) => {
      const [a, first] = one.reconcile(message.one, budget)(r.one)
      const [b, second] = two.reconcile(message.two, budget)(r.two)
      return [same('reconcile', r, a, b), said('reconcile', first, second)]
    },
    push: (before) => (r) => said('push', one.push(before.one)(r.one), two.push(before.two)(r.two))!,
    tell: (stamp) => (r) => said('tell', one.tell(stamp)(r.one), two.tell(stamp)(r.two))!,
    merge: (other) => (r) => same('merge', r, one.merge(other.one)(r.one), two.merge(other.two)(r.two)),
    prune: (upTo) => (r) => same('prune', r, one.prune(upTo)(r.one), two.prune(upTo)(r.two)),
    settle: (sources) => (r) => same('settle', r, one.settle(sources)(r.one), two.settle(sources)(r.two)),
    reread: (policy) => (r) => same('reread', r, one.reread(policy)(r.one), two.reread(policy)(r.two)),
    digest: (r) => one.digest(r.one),
    state: (r) => one.state(r.one),
    holds: (r) => one.holds(r.one),
    unread: (r) => one.unread(r.one),
  }
}
