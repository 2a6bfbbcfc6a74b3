/** Reads a message of one text part: headers unfolded and decoded (RFC 5322, RFC 2047), names in lower case. */
export function parseMail(source: string): { headers: Record<string, string>; body: string } {
  const end = source.indexOf('\r\n\r\n')
  const lines = source
    .slice(0, end)
    .replace(/\r\n[ \t]/g, ' ')
    .split('\r\n')
  const headers = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), decodeWords(line.slice(colon + 1).trim())]
  })
  return { headers: Object.fromEntries(headers), body: source.slice(end + 4) }
}

function decodeWords(value: string): string {
  return value
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?UTF-8\?([QB])\?(.*?)\?=/gi, (_word, encoding: string, encoded: string) =>
      (encoding.toUpperCase() === 'B' ? Buffer.from(encoded, 'base64') : fromQ(encoded)).toString('utf8'),
    )
}

function fromQ(encoded: string): Buffer {
  const bytes = encoded
    .replaceAll('_', ' ')
    .replace(/=([0-9A-F]{2})/gi, (_hex, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
  return Buffer.from(bytes, 'latin1')
}
