import { fileURLToPath } from 'node:url'

export const inBench = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
export const inRepository = (path: string): string => inBench(`../${path}`)
