/**
 * The law of `diff`: patches, applied one after another to what one version shows, give what
 * another shows. There are none just if both show the same.
 *
 * Source: RFC 6902 ("JSON Patch"), section 3: each operation applies to what the one before it
 * left.
 */
import * as Json from '../../core/Json.js'
import type { Patch, Replaced, Spliced } from '../../core/Patch.js'
import type { Remedied } from '../model/Law.js'
import { isJson, sameValue, view } from '../model/show.js'
import { sample } from './laws.js'
import { replicaLaw } from './replicaLaw.js'

/** How many versions of a run are compared, each with the next and the last with the first. */
const SAMPLE = 3

export const diff = replicaLaw(
  'diff',
  'unlawful',
  'the patches of `diff` lead from one version to another',
  (run, type) => {
    if (type.dataType.diff === undefined) return undefined
    const some = sample(run, SAMPLE).map(({ state }) => state)
    for (const [i, before] of some.entries()) {
      const after = some[(i + 1) % some.length]!
      const violation = leads(type.patchesOf(before), type.patchesOf(after), type.dataType.diff(before)(after))
      if (violation !== undefined) return violation
    }
    return undefined
  },
)

const leads = (from: unknown, to: unknown, patches: ReadonlyArray<Patch>): Remedied | undefined => {
  const isSame = sameValue(from, to)
  if (patches.length === 0) {
    if (isSame) return undefined
    const remedy = '`diff` must tell every difference that `toJSON` shows; or say by `patchesOf` what it is of'
    return { why: '`diff` gives no patch for two versions that differ', remedy, states: [from, to] }
  }
  // two equal dates, or the like, may count as two values
  if (isSame && isJson(from)) {
    const remedy = '`diff` must give no patch where `toJSON` shows no difference'
    return { why: `\`diff\` gives ${view(patches)} for two versions that show the same`, remedy }
  }
  const remedy = 'each patch of `diff` must apply to what the patches before it leave, not to the older version'
  const reached = patched(from, patches)
  if (reached._tag === 'Left') {
    return { why: `\`diff\` gives ${view(patches)}: ${reached.left}`, remedy, states: [from, to] }
  }
  if (sameValue(copied(reached.right), copied(to))) return undefined
  return { why: `\`diff\` gives ${view(patches)}, which leads elsewhere`, remedy, states: [reached.right, to] }
}

type Patched = { readonly _tag: 'Left'; readonly left: string } | { readonly _tag: 'Right'; readonly right: unknown }

type Holder = Record<string | number, unknown>

/**
 * A value after patches; Left with the reason why one does not fit. A string is the list of its
 * UTF-16 code units. O(size + patches).
 *
 * @example
 * laws.patched([1, 2], [{ at: [], splice: 1, removed: [2], inserted: [3, 4] }])
 * // => { _tag: 'Right', right: [1, 3, 4] }
 */
export const patched = (value: unknown, patches: ReadonlyArray<Patch>): Patched => {
  const root: Holder = { value: copied(value) }
  for (const patch of patches) {
    const misfit = apply(root, copied(patch))
    if (misfit !== undefined) return { _tag: 'Left', left: `${view(patch)} does not fit: ${misfit}` }
  }
  return { _tag: 'Right', right: root['value'] }
}

/**
 * A copy in which no two places share an array or a plain object: patches write in place. Members
 * are in order.
 */
const copied = <A>(value: A): A => {
  if (Array.isArray(value)) return value.map(copied) as A
  if (!Json.isPlain(value)) return value
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  members.sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(members.map(([key, member]) => [key, copied(member)])) as A
}

/** Changes `root` in place. Gives what is wrong, if the patch does not fit. */
const apply = (root: Holder, patch: Patch): string | undefined => {
  const at = ['value', ...patch.at]
  const last = at.pop()!
  let holder = root
  for (const key of at) {
    // never what every object inherits
    const next = Object.hasOwn(holder, key) ? holder[key] : undefined
    if (typeof next !== 'object' || next === null) return `there is nothing at ${view(key)}`
    holder = next as Holder
  }
  return 'splice' in patch ? splice(holder, last, patch) : replace(holder, last, patch)
}

const splice = (holder: Holder, last: string | number, { splice: from, removed, inserted }: Spliced) => {
  const held = Object.hasOwn(holder, last) ? holder[last] : undefined
  if (typeof held !== 'string' && !Array.isArray(held)) return 'there is no list'
  const list: ReadonlyArray<unknown> = typeof held === 'string' ? held.split('') : held
  const found = list.slice(from, from + removed.length)
  if (!sameValue(found, removed)) return `there is ${view(found)}`
  const next = [...list.slice(0, from), ...inserted, ...list.slice(from + removed.length)]
  put(holder, last, typeof held === 'string' ? next.join('') : next)
  return undefined
}

const replace = (holder: Holder, last: string | number, patch: Replaced): string | undefined => {
  const found = Object.hasOwn(holder, last) ? holder[last] : undefined
  if (!sameValue(found, patch.before)) return `there is ${view(found)}`
  if ('after' in patch) put(holder, last, patch.after)
  else Reflect.deleteProperty(holder, last)
  return undefined
}

/** Also a member that is called `__proto__`. */
const put = (holder: Holder, name: string | number, value: unknown): void => {
  Object.defineProperty(holder, name, { value, configurable: true, enumerable: true, writable: true })
}
