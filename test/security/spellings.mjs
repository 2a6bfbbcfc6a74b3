// Other spellings of an address: each of them has led past a guard somewhere.

/** @type {Readonly<Record<string, (path: string) => string>>} */
export const SPELLINGS = {
  'as it is': (path) => path,
  'in capitals': (path) => path.toUpperCase(),
  'with one capital': (path) => path.replace(/[a-z]/, (letter) => letter.toUpperCase()),
  'with a slash at the end': (path) => `${path}/`,
  'with two slashes at the beginning': (path) => `/${path}`,
  'with a double slash': (path) => path.replace(/(?<=.)\//, '//'),
  'with a dot segment': (path) => `/.${path}`,
  'by way of another folder': (path) => `/login/../x/..${path}`,
  'with an encoded letter': (path) => path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  'with an encoded slash': (path) => path.replace(/(?<=.)\//, '%2f'),
  'with a parameter of a segment': (path) => `${path};a=b`,
  'with a query': (path) => `${path}?a=b`,
  'with a null byte': (path) => `${path}%00`,
  'with a backslash': (path) => path.replace(/(?<=.)\//, '\\'),
}
