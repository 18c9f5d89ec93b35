import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    coverage: {
      provider: 'v8',
      include: ['src/structures/**', 'src/core/**', 'src/data/**', 'src/wire/**', 'src/laws/**', 'src/trust/**'],
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
