/** Operational transformation that is wrong. */
import * as fc from 'fast-check'
import { operations } from '../subjects/forms.js'
import { broken } from './Broken.js'

type Edit =
  | { readonly at: number; readonly insert: string; readonly site: string }
  | { readonly at: number; readonly site: string }
  | undefined

/**
 * An edit, so that it means after another what it meant before: Ellis and Gibbs (SIGMOD 1989),
 * table 1. Keeps TP1.
 */
const transform = (edit: Edit, done: Edit): Edit => {
  if (edit === undefined || done === undefined) return edit
  const shifted = (by: number): Edit => ({ ...edit, at: edit.at + by })
  if ('insert' in done) {
    const stays =
      'insert' in edit ? edit.at < done.at || (edit.at === done.at && edit.site < done.site) : edit.at < done.at
    return stays ? edit : shifted(1)
  }
  if ('insert' in edit) return edit.at <= done.at ? edit : shifted(-1)
  return edit.at === done.at ? undefined : edit.at < done.at ? edit : shifted(-1)
}

const perform = (edit: Edit, text: string): string => {
  if (edit === undefined) return text
  return text.slice(0, edit.at) + ('insert' in edit ? edit.insert + text.slice(edit.at) : text.slice(edit.at + 1))
}

interface Done {
  readonly site: string
  readonly edit: Edit
}

interface State {
  readonly text: string
  /** The edits in the form in which they were done here. */
  readonly done: ReadonlyArray<Done>
}

interface Message extends Done {
  /** How many edits of each site the sender had seen. */
  readonly seen: ReadonlyArray<readonly [site: string, count: number]>
}

const editor = (mayEdit: (state: State) => boolean) =>
  operations<State, readonly [number, string], Message>({
    empty: { text: 'ab', done: [] },
    // an empty string deletes a character
    command: fc.tuple(fc.nat(1), fc.constantFrom('', 'x', 'y')),
    prepare:
      ([i, insert], { id: site }) =>
      (state) => {
        if (!mayEdit(state) || (insert === '' && i >= state.text.length)) return undefined
        const at = Math.min(i, state.text.length)
        const sites = [...new Set(state.done.map((one) => one.site))]
        const seen = sites.map((of) => [of, state.done.filter((one) => one.site === of).length] as const)
        return { site, edit: insert === '' ? { at, site } : { at, insert, site }, seen }
      },
    apply:
      ({ site, edit, seen }) =>
      ({ text, done }) => {
        const counts = new Map<string, number>()
        let here = edit
        for (const one of done) {
          const count = (counts.get(one.site) ?? 0) + 1
          counts.set(one.site, count)
          const known = seen.find(([of]) => of === one.site)?.[1] ?? 0
          if (count > known) here = transform(here, one.edit)
        }
        return { text: perform(here, text), done: [...done, { site, edit: here }] }
      },
    show: ({ text }) => text,
    delivery: { order: 'causal', copies: 'exactly once' },
  })

export const dOPT = broken(
  {
    name: 'dOPT',
    because:
      'an edit is transformed against concurrent edits as they were done here, not as they would have been ' +
      'where it was made: the dOPT puzzle (Ellis and Gibbs, SIGMOD 1989; Ressel et al., CSCW 1996)',
    law: 'convergence',
    verdict: 'diverged',
  },
  editor(() => true),
)

export const tp2 = broken(
  {
    name: 'tp2',
    because:
      'three sites edit one state, and each transforms in another order: two insertions beside a deletion ' +
      'break TP2 (Ressel et al., CSCW 1996; Oster et al., 2006)',
    law: 'convergence',
    verdict: 'diverged',
  },
  editor(({ done }) => done.length === 0),
)
