import type { Secrets } from './keyring.js'

/** What is stored and shown in place of a secret value. */
export const SECRET = '[secret]'

type Form = Readonly<Record<string, unknown>>

/** A form with {@link SECRET} in place of its secret values, and these; `secrets` is absent when it has none. */
export function takeSecrets(form: Form, names: readonly string[] = []): { form: Form; secrets?: Secrets } {
  const held = names.filter((name) => Object.hasOwn(form, name) && form[name] !== undefined)
  if (held.length === 0) return { form }
  // Pairs, not assignments: a key such as __proto__ stays an ordinary key.
  const shown = Object.entries(form).map(([name, value]) => [name, held.includes(name) ? SECRET : value])
  return {
    form: Object.fromEntries(shown) as Form,
    secrets: Object.fromEntries(held.map((name) => [name, form[name]])),
  }
}

/** The form as it was sent. */
export function putSecrets(form: Form, secrets: Secrets): Record<string, unknown> {
  return Object.fromEntries([...Object.entries(form), ...Object.entries(secrets)])
}

/** What the secrets of a run belong to: they can be decrypted for no other run, and for none of another action. */
export function secretsOfRun({ id, identity }: { id: string; identity: string }): string {
  return `run ${id} ${identity}`
}

/** What the secrets in a question to a worker belong to. */
export function secretsOfQuestion(topic: string): string {
  return `question ${topic}`
}
