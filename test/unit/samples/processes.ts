import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

const SCRIPT = new URL('sample-process.mjs', import.meta.url)

/** A process that has loaded the samples and waits for its job. */
export async function startProcess(): Promise<ChildProcess> {
  const child = fork(SCRIPT)
  await once(child, 'message')
  return child
}

/** Starts as many processes as there are inputs, gives all their job at the same moment, and returns what each answers. */
export async function runTogether<T>(job: 'prepare' | 'transfer', inputs: readonly unknown[]): Promise<T[]> {
  const children = await Promise.all(inputs.map(startProcess))
  return Promise.all(children.map((child, index) => answer<T>(child, job, inputs[index])))
}

async function answer<T>(child: ChildProcess, job: string, input: unknown): Promise<T> {
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`The process ended with code ${String(code)} and no answer`)
  })
  const answered = once(child, 'message')
  child.send({ job, input })
  const [output] = await Promise.race([answered, exited])
  exited.catch(() => {})
  return output as T
}
