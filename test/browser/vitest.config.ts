import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['*.browser.ts'],
    setupFiles: ['../harness/leak-check.ts'],
    // Most take seconds. A machine that is busy with other things takes ten times as long.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Each has a browser: one after the other.
    maxWorkers: 1,
  },
})
