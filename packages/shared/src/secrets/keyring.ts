import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { FlexActionError } from '../errors/index.js'
import { type DataKey, developmentDataKeys, parseDataKeys } from './data-keys.js'

/** What a keyring is made from. */
export interface KeyringSettings {
  DATA_KEY: string
  DATA_DIR: string
  NODE_ENV: string
}

/** Values of secret fields, by field. */
export type Secrets = Readonly<Record<string, unknown>>

/** Why secrets cannot be read, in a text that holds none of them. */
export class UnreadableSecrets extends Error {
  override readonly name = 'UnreadableSecrets'
}

const ALGORITHM = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** The layout of what is sealed: `1.<key id>.<nonce, tag and encrypted values, as base64url>`. */
const LAYOUT = '1'

/** The keys of DATA_KEY: the first one encrypts, all of them decrypt. In development one is made when it is needed, and kept in DATA_DIR. */
export class Keyring {
  private constructor(
    /** `make`: a key is needed now. */
    private readonly keys: (make: boolean) => readonly DataKey[],
  ) {}

  /** Throws a RangeError for a DATA_KEY that cannot be read. */
  static from({ DATA_KEY, DATA_DIR, NODE_ENV }: KeyringSettings): Keyring {
    const given = parseDataKeys(DATA_KEY)
    if (given.length > 0 || NODE_ENV === 'production') return new Keyring(() => given)
    let kept: readonly DataKey[] = []
    return new Keyring((make) => {
      if (kept.length === 0) kept = developmentDataKeys(DATA_DIR, make)
      return kept
    })
  }

  /** Whether there is a key to encrypt with; in development there is one from then on. */
  canSeal(): boolean {
    return this.keys(true).length > 0
  }

  /**
   * Encrypts values together with their names. `about` says what they belong to: only with the same text can they be decrypted. Throws
   * `unavailable` when there is no key.
   */
  seal(about: string, secrets: Secrets): string {
    const { id, key } = this.#first()
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(ALGORITHM, key, nonce)
    cipher.setAAD(Buffer.from(`${LAYOUT} ${id} ${about}`))
    const encrypted = Buffer.concat([cipher.update(JSON.stringify(secrets), 'utf8'), cipher.final()])
    return `${LAYOUT}.${id}.${Buffer.concat([nonce, cipher.getAuthTag(), encrypted]).toString('base64url')}`
  }

  /** Throws {@link UnreadableSecrets}. */
  open(about: string, sealed: string): Secrets {
    const [layout, id = '', packed = ''] = sealed.split('.')
    if (layout !== LAYOUT)
      throw new UnreadableSecrets(
        'the secret values cannot be read: a newer version encrypted them, or they are damaged',
      )
    const known = this.#kept().find((one) => one.id === id)
    if (!known)
      throw new UnreadableSecrets(
        `the secret values cannot be read: they are encrypted under the key '${id.slice(0, 32)}', which DATA_KEY of this worker does not hold`,
      )
    const bytes = Buffer.from(packed, 'base64url')
    try {
      const decipher = createDecipheriv(ALGORITHM, known.key, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      })
      decipher.setAAD(Buffer.from(`${LAYOUT} ${id} ${about}`))
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
      const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()])
      return JSON.parse(text.toString('utf8')) as Secrets
    } catch {
      throw new UnreadableSecrets(
        `the secret values cannot be read: they were changed, belong to something else, or the key '${id}' of this worker is another one`,
      )
    }
  }

  /**
   * A digest of a text that holds secrets, `<key id>.<digest>`: without the key nobody can try out what they may be. `like`: an earlier
   * one, whose key is used if it is still there.
   */
  digest(text: string, like?: string): string {
    const before = like?.split('.')[0]
    const { id, key } = this.keys(true).find((one) => one.id === before) ?? this.#first()
    // A key of its own: the one that encrypts is used for nothing else.
    const own = Buffer.from(hkdfSync('sha256', key, '', 'flexaction digests', 32))
    return `${id}.${createHmac('sha256', own).update(text).digest('base64url')}`
  }

  /** Those there are: a file of keys that cannot be read holds none. */
  #kept(): readonly DataKey[] {
    try {
      return this.keys(false)
    } catch {
      return []
    }
  }

  #first(): DataKey {
    const [first] = this.keys(true)
    if (first) return first
    throw new FlexActionError('unavailable', 'Nothing was done: secret values need DATA_KEY, which this gateway lacks')
  }
}
