import { spawnSync } from 'node:child_process'

/** Debian's own first: another one on the PATH has none of Debian's packages. */
const COMMANDS = ['/usr/bin/python3', 'python3']

/** The command of a Python that can import this module. Undefined when none can. */
export function pythonWith(module: string): string | undefined {
  return COMMANDS.find((command) => spawnSync(command, ['-c', `import ${module}`]).status === 0)
}
