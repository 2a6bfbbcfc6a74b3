import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

/** Where a project keeps its modules when ACTIONS_DIR does not say otherwise; any of them may be missing. */
const USUAL = ['actions', 'collections', 'messages']

/** The folders to load definitions from, absolute: those that ACTIONS_DIR names, else the usual ones of the working directory. */
export function foldersOfDefinitions(actionsDir: string | undefined): string[] {
  const named = (actionsDir ?? '').split(',').flatMap((name) => name.trim() || [])
  if (named.length > 0) return named.map((name) => resolve(name))
  const found = USUAL.filter((name) => existsSync(name))
  return (found.length > 0 ? found : USUAL.slice(0, 1)).map((name) => resolve(name))
}
