import type { ActionView, FieldDescription, Item } from '@flexaction/client'

/** `mail_users` → `Mail users`. */
export function humanize(name: string): string {
  const words = name.replaceAll(/[_-]+/g, ' ').trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

export function titleOf({ name, entry }: Pick<ActionView, 'name' | 'entry'>): string {
  return typeof entry.verbose_name === 'string' && entry.verbose_name !== '' ? entry.verbose_name : humanize(name)
}

export function labelOf({ name, verbose_name: label }: FieldDescription): string {
  return typeof label === 'string' && label !== '' ? label : humanize(name)
}

export function modelsOf({ target }: Pick<ActionView, 'target'>): readonly string[] {
  return target.kind === 'common' ? [] : target.models
}

/** What an action applies to, in words. */
export function targetText({ target }: Pick<ActionView, 'target'>): string {
  if (target.kind === 'common') return 'Needs no records'
  const models = target.models.join(', ')
  if (target.kind === 'collection') return `On the whole of ${models}`
  return target.bulk
    ? `On selected ${models}, up to ${target.batchSize} per call`
    : `On each selected record of ${models}`
}

/** What an item has ended with, on one line: its message, else its result. */
export function outcomeText({ message, result, progress, state }: Item): string {
  if (message !== undefined) return message
  if (state === 'active' && progress !== undefined) return `${Math.round(progress)} %`
  if (result === undefined) return ''
  return typeof result === 'string' ? result : JSON.stringify(result)
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`
}
