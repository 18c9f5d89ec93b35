/** The numbers of the laws, as reports print them. `laws.ts` states each law. */

export const CONVERGENCE = 1
export const IDEMPOTENCE = 2
export const BATCH = 3
export const REFERENCE = 4
export const VERSIONS = 5
export const CLOCK = 6
export const HISTORY = 7
export const SUPERSEDED = 8
export const CODEC = 9
export const EQUIVALENCE = 10
/** Of states; of replicas: all four laws of a merge. */
export const ASSOCIATIVE = 11
export const COMMUTATIVE = 12
export const IDEMPOTENT_MERGE = 13
export const INFLATIONARY = 14
export const TOTAL = 15
export const DETERMINISTIC = 16
export const ORACLE = 17
export const QUALITIES = 18
export const EXERCISED = 19
export const TOGETHER = 20
