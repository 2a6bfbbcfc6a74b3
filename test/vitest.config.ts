import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    setupFiles: ['harness/leak-check.ts'],
    testTimeout: 30_000,
    hookTimeout: 20_000,
    // Two cores: more files at once only make each wait longer.
    maxWorkers: 2,
  },
})
