#!/usr/bin/env node
import { existsSync } from 'node:fs'

const main = new URL('../dist/main.js', import.meta.url)
if (existsSync(main)) await (await import(main.href)).main()
else {
  process.stderr.write('flexaction is not built yet: run `npm start` once, or `pnpm build`\n')
  process.exitCode = 2
}
