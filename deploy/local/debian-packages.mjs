import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from './run-command.mjs'

/**
 * Debian's packages, unpacked into a folder without installing anything: works without root, beside a running apt, and
 * without or with stale package lists (it then makes private ones). apt verifies what it downloads.
 *
 * @param {{ folder: string, signal?: AbortSignal | undefined }} options `folder`: an existing, empty work folder
 */
export async function openDebianPackages({ folder, signal }) {
  const downloads = join(folder, 'downloads')
  const files = join(folder, 'files')
  await Promise.all([downloads, files].map((path) => mkdir(path)))
  const environment = { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' }
  /** @type {string[]} options that point apt at private lists, once there are any */
  let listOptions = []

  /** @param {string} tool @param {string[]} args */
  const apt = (tool, args) =>
    // As root apt would drop to its own user, who may not enter our folder.
    runCommand(tool, ['-q', '-o', 'APT::Sandbox::User=root', ...listOptions, ...args], {
      cwd: downloads,
      env: environment,
      signal,
    })

  const makePrivateLists = async () => {
    const lists = join(folder, 'lists')
    const cache = join(folder, 'cache')
    await mkdir(join(lists, 'partial'), { recursive: true })
    await mkdir(join(cache, 'archives', 'partial'), { recursive: true })
    listOptions = ['-o', `Dir::State::Lists=${lists}`, '-o', `Dir::Cache=${cache}`, '-o', 'Debug::NoLocking=1']
    return apt('apt-get', ['update'])
  }

  return {
    /** Where the files of the unpacked packages are, below it as they would be below `/`. */
    files,

    /**
     * Downloads packages and unpacks them. Returns `undefined`, or apt's output when it could not.
     *
     * @param {string[]} names
     */
    async unpack(names) {
      let download = await apt('apt-get', ['download', ...names])
      if (download.code !== 0 && listOptions.length === 0) {
        const update = await makePrivateLists()
        download = await apt('apt-get', ['download', ...names])
        if (download.code !== 0) return `${update.output}\n${download.output}`
      }
      if (download.code !== 0) return download.output
      for (const name of await readdir(downloads)) {
        if (!names.some((wanted) => name.startsWith(`${wanted}_`))) continue
        const unpacked = await runCommand('dpkg', ['-x', join(downloads, name), files], { signal })
        if (unpacked.code !== 0) return unpacked.output
      }
      return undefined
    },

    /**
     * The libraries that these packages depend on and that the system lacks. Never the C library: a second one beside
     * the system's would break the program.
     *
     * @param {string[]} names
     */
    async missingLibraries(names) {
      const { output } = await apt('apt-cache', ['depends', '--important', ...names])
      const depended = [...output.matchAll(/^\s*\|?(?:Pre)?Depends: ([a-z0-9.+-]+)/gm)].map((match) => match[1] ?? '')
      const candidates = new Set(depended.filter((name) => name.startsWith('lib') && !/^libc\d|^libc-/.test(name)))
      const missing = []
      for (const name of candidates) {
        const status = await runCommand('dpkg-query', ['-W', '-f', '${db:Status-Status}', name], { signal })
        if (!status.output.includes('installed') || status.output.includes('not-installed')) missing.push(name)
      }
      return missing.filter((name) => !names.includes(name))
    },
  }
}

/** Whether apt and dpkg are on the PATH. */
export async function hasDebianTools() {
  const checks = [
    runCommand('apt-get', ['--version']),
    runCommand('apt-cache', ['--version']),
    runCommand('dpkg', ['--version']),
  ]
  return (await Promise.all(checks)).every(({ code }) => code === 0)
}
