import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lab } from './lab.js'
import { Program } from './program.js'
import { inBench } from './repository.js'

export interface TornadoPeer {
  origin: string
  versions: { Tornado: string; Python: string }
}

/** Starts `baselines/tornado-peer.py`, which answers get_action_list with this text. `python`: the command. */
export async function startTornadoPeer(lab: Lab, python: string, list: string): Promise<TornadoPeer> {
  const file = join(lab.dir, 'list.json')
  await writeFile(file, list)
  const program = new Program({
    command: python,
    args: [inBench('src/baselines/tornado-peer.py'), file],
    env: {},
    logFile: join(lab.dir, 'tornado-peer.log'),
  })
  lab.onEnd(() => program.stop())
  const [, tornado = '', version = '', port] = await program.said(/Tornado (\S+), Python (\S+), port (\d+)/)
  return { origin: `http://127.0.0.1:${port}`, versions: { Tornado: tornado, Python: version } }
}
