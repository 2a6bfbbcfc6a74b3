// `npm start`, and with --watch `npm run dev`: everything that is needed, from a fresh checkout to a running system.
import { requireNodeVersion } from './node-version.mjs'

requireNodeVersion()
const { launch } = await import('./launch.mjs')
process.exit(await launch(process.argv.slice(2)))
