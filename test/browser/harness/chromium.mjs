import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium']

/** The browser that CHROMIUM names, or the system's. */
export function findChromium() {
  return [process.env.CHROMIUM, ...PLACES].find((place) => place && existsSync(place))
}

/** Finds a browser, and installs Debian's where that is possible. Throws an Error that says how to get one. */
export function requireChromium() {
  const found = findChromium() ?? installDebians()
  if (found) return found
  throw new Error(
    'These tests need Chromium. On Debian or Ubuntu: sudo apt-get install --no-install-recommends chromium. ' +
      'Elsewhere install Chromium or Chrome, and name it: CHROMIUM=/path/to/chromium',
  )
}

function installDebians() {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return undefined
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [
    ['update', '-q'],
    ['install', '-qy', '--no-install-recommends', 'chromium'],
  ]) {
    console.log(`apt-get ${args.join(' ')}`)
    const { status } = spawnSync('apt-get', args, { stdio: 'inherit', env })
    if (status !== 0) return undefined
  }
  return findChromium()
}
