export function idsUpTo(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at + 1)
}
