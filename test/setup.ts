/**
 * Gives every property that names no number of runs the number of the mode, and all of them the
 * seed of `SEED`, if it is set.
 */
import fc from 'fast-check'
import { inMemory } from './runs.js'

const { SEED } = process.env

fc.configureGlobal({ numRuns: inMemory(), ...(SEED !== undefined && { seed: Number(SEED) }) })
