import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { isSoak, isThorough } from './test/runs.js'
import { seedOfSources } from './test/seed.js'
import LongFirst from './test/sequence.js'

// CI repeats itself; what it finds can be found again
const { SEED = isThorough && !isSoak ? String(seedOfSources()) : undefined } = process.env

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // vitest leaves a core to itself, and there are two; for `npm test` one worker more than cores,
    // since browsers, sockets and killed processes are waited for
    maxWorkers: isThorough ? Math.max(2, availableParallelism() - 1) : availableParallelism() + 1,
    // what tests make is soon garbage: with more room, less of it is copied; and where all cores are
    // busy, the threads of the collector wait for one another
    execArgv: ['--max-semi-space-size=64', '--single-threaded-gc'],
    sequence: { sequencer: LongFirst },
    // a process for each of 150 files takes as long as a quarter of the tests; CI takes the time, and
    // so sees a test that needs what another one left
    isolate: isThorough,
    setupFiles: ['test/setup.ts'],
    reporters: ['default', './test/failures.ts'],
    env: SEED === undefined ? {} : { SEED },
    // a property of 10,000 cases takes minutes on a busy machine; a soak may take hours
    testTimeout: process.env['RUNS'] !== undefined ? 0 : isThorough ? 3_600_000 : 60_000,
    hookTimeout: 120_000,
    // the usual second may pass while other tests have the cores
    expect: { poll: { timeout: 20_000 } },
    coverage: {
      provider: 'v8',
      include: ['structures', 'core', 'data', 'wire', 'laws', 'trust'].map((layer) => `src/${layer}/**/*.ts`),
      reporter: ['text-summary'],
      thresholds: {
        'src/structures/**': { branches: 95 },
        'src/core/**': { branches: 95 },
        'src/data/**': { branches: 95 },
        'src/wire/**': { branches: 95 },
        'src/laws/**': { branches: 95 },
        'src/trust/**': { branches: 95 },
      },
    },
  },
})
