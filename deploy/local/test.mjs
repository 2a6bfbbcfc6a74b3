// `npm test`: installs, builds, checks the tests' types, and runs them on a real Redis of their own.
import { requireNodeVersion } from './node-version.mjs'

requireNodeVersion()
const { runTests } = await import('./run-tests.mjs')
process.exit(await runTests(process.argv.slice(2)))
