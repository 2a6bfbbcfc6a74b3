import { readManifest } from './repository.mjs'

/**
 * Ends this process with a clear sentence when Node is older than package.json's `engines` asks. To be called before
 * anything is imported that needs a newer Node.
 */
export function requireNodeVersion() {
  const needed = readManifest().engines.node.replace(/[^\d.]/g, '')
  const [neededMajor = 0, neededMinor = 0] = needed.split('.').map(Number)
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) return
  process.stderr.write(
    `Node ${process.versions.node} is too old: FlexAction needs ${needed} or newer.\n` +
      'Install a current one (https://nodejs.org, or: nvm install --lts), then start again.\n',
  )
  process.exit(1)
}
