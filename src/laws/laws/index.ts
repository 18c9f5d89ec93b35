/** The laws of every kind of subject, for users who put together a subject of their own. */
export { patched } from './diff.js'
export {
  convergence,
  deterministic,
  equivalence,
  idempotence,
  ofOpaque,
  ofOperations,
  oracle,
  qualities,
  sample,
  total,
  versions,
} from './laws.js'
export { associative, commutative, idempotentMerge, inflationary, ofMerge } from './ofMerge.js'
export { agreement, certainty, digests, drains, ends, ofExchanges } from './ofExchanges.js'
export { runsStayTogether } from './runsStayTogether.js'
