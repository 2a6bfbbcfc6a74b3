import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['*.browser.ts'],
    setupFiles: ['../harness/leak-check.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Each has a browser: one after the other.
    maxWorkers: 1,
  },
})
