/** A path as it was meant: without doubled slashes, a slash at its end, and spaces at the ends of its parts. */
export function tidyPath(path: string): string {
  const parts = path.split('/').map((part) => part.replaceAll(/^(?:%20|%09|%0[AD])+|(?:%20|%09|%0[AD])+$/gi, ''))
  return `/${parts.filter((part) => part !== '').join('/')}`
}
