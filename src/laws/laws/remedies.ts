/** What to do about a broken law, in the terms of who wrote the type. */
import type { Call, Run } from '../model/Run.js'
import { termsOf, type Delivery, type Terms } from '../model/Subject.js'

/** A run of any subject. */
type AnyRun = Pick<Run<unknown, unknown, unknown>, 'events' | 'schedule' | 'parted'> & {
  readonly subject: { readonly terms?: Terms; readonly delivery: Delivery }
}

/** Where Eq alone tells two replicas apart. */
export const comparedAlike = ({ subject }: AnyRun): string => {
  const { equals, show } = termsOf(subject)
  return `\`${equals}\` must compare no more than \`${show}\` gives, or \`${show}\` must give more`
}

/** For a type whose replicas differ by the order in which they heard. */
export const inAnyOrder = ({ subject, schedule, events, parted }: AnyRun): string => {
  const { receive, show, messages } = termsOf(subject)
  const { order } = subject.delivery
  const one = messages.slice(0, -1)
  const among =
    order === 'any' ? `of two ${messages}` : order === 'source' ? 'of two senders' : `of two concurrent ${messages}`
  const comesAgain =
    events.some(({ _tag }) => _tag === 'again') || schedule.steps.some((step) => step._tag === 'send' && step.twice)
  const often = comesAgain ? `, and however often a${/^[aeiou]/.test(one) ? 'n' : ''} ${one} comes` : ''
  const hint =
    parted !== undefined && isShuffled(...parted.views) ? `. Where the order does not count, sort in \`${show}\`` : ''
  return (
    `\`${receive}\` must give the same, whichever ${among} comes first${often}: ` +
    (messages === 'states'
      ? 'take the greater, or both'
      : `let a stamp decide, and the id of the writer between equal stamps, or make ${messages} that commute`) +
    hint
  )
}

/** Whether both texts hold the same characters: the same members, in two orders. */
const isShuffled = (a: string, b: string): boolean => /[[{]/.test(a) && a.length === b.length && sorted(a) === sorted(b)

const sorted = (text: string): string => Array.from(text).sort().join('')

/** Both functions; one, if they are the same. */
export const calls = (...names: readonly [string, string]): string =>
  [...new Set(names)].map((name) => `\`${name}\``).join(' and ')

/** What to do about a function that throws. */
export const notThrow = (subject: { readonly terms?: Terms }, call: Call | undefined): string => {
  const { local, receive, messages } = termsOf(subject)
  if (call === 'local') return `\`${local}\` must not throw: a command that cannot be carried out is refused`
  if (call === undefined) return SHOW
  return (
    `\`${receive}\` must leave the state as it is where it can do nothing: ` +
    `what ${messages} refer to may be gone, or still to come`
  )
}

/** What to do about a function that looks at replicas and throws. */
export const SHOW = 'the stack says which function threw: `show` and all others must return for every state'

/** What to do about a function that gives now this, now that. */
export const pure = (call: string): string =>
  `\`${call}\` must read nothing but its arguments: no clock, no random number, no variable outside`

/** For a type that loses updates. */
export const KEEP =
  '`apply` must name as `superseded` only updates whose effect others carry that it keeps, whatever the order'

/** For a type whose older versions are not whole any more. */
export const BACK =
  '`apply` must share nothing with older states that it changes, and name as `superseded` only what others carry'

/** For a type whose replicas never finish telling each other all. */
export const SETTLE = '`apply` must leave the state as it is, and name nothing as `superseded`, for what it has had'

/** For laws that the core keeps for every type that keeps the others. */
export const OURS = '`apply` must write into no update and no state; if it does not, this is a fault of this library'

/** For a type whose replicas show the same, and hold other updates. */
export const SUPERSEDED =
  '`apply` must name the same updates as `superseded`, in whatever order and in however many batches they come'

/** For a type whose merges depend on which replica comes first. */
export const ORDER = '`apply` must give the same for the same updates, in whatever order their sources come'

/** For a type that writes into what it hears. */
export const leave = ({ receive, messages }: Terms): string =>
  `\`${receive}\` must leave ${messages} as they are, for others may hear them too: work on a copy`

/** For a document whose messages are alive. */
export const COPY = '`send` must give a copy, such as JSON or bytes, which later commands do not change'
