/** Gives every property that names no number of runs the number of the mode. */
import fc from 'fast-check'
import { inMemory } from './runs.js'

fc.configureGlobal({ numRuns: inMemory() })
