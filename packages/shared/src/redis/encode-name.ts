/** What has no meaning of its own in names of queues (`:` does, to BullMQ), in keys (braces), in identities (`+`) and in addresses. */
const OTHERS = /[^\p{L}\p{N}_.;@$-]/gu

/**
 * A name as a part of keys, of queues' names and of addresses: characters other than letters, digits and some signs become `~` and their
 * UTF-8 in hexadecimal. Not `%`, which addresses would decode once too often. Different names stay different, and a name without such
 * characters stays as it is.
 */
export function encodeName(name: string): string {
  return name.replaceAll(OTHERS, (character) =>
    [...new TextEncoder().encode(character)]
      .map((byte) => `~${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  )
}
