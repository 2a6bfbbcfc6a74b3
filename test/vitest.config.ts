import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    setupFiles: ['harness/leak-check.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    projects: [
      {
        extends: true,
        // Two cores: more files at once only make each wait longer.
        test: { name: 'main', include: ['{contract,integration,model,security,unit}/**/*.test.ts'], maxWorkers: 2 },
      },
      {
        extends: true,
        // After the others and one at a time: they start many processes, and measure how soon things happen.
        test: {
          name: 'faults',
          include: ['faults/**/*.test.ts'],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
          // Each wait in them has a deadline of its own, which says what was waited for. This one says nothing: it comes last.
          testTimeout: 120_000,
        },
      },
    ],
  },
})
