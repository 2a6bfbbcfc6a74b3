import { ConfigProblems } from '@flexaction/shared/config'
import type { Logger } from '@flexaction/shared/logging'
import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type AuthToken, findToken, isValid, parseAuthTokens, requireDifferent } from './auth-tokens.js'

export interface TokenBookOptions {
  /** Those of AUTH_TOKENS. */
  tokens: readonly AuthToken[]
  /** AUTH_TOKENS_FILE; '' for none. */
  file: string
  logger: Logger
}

/** The file is looked at this often, in ms. */
const LOOK_EVERY_MS = 2_000

/** The tokens that are known now. A file with tokens is read again when it changes; while it is wrong, its last tokens count. */
export class TokenBook {
  #tokens: readonly AuthToken[]
  #content = ''
  #timer: NodeJS.Timeout | undefined

  private constructor(private readonly options: TokenBookOptions) {
    this.#tokens = options.tokens
  }

  /** Throws ConfigProblems when the file cannot be read or holds something wrong: a gateway starts with all of its tokens. */
  static async open(options: TokenBookOptions): Promise<TokenBook> {
    const book = new TokenBook(options)
    try {
      if (options.file !== '') await book.#read()
    } catch (error) {
      throw new ConfigProblems([
        `AUTH_TOKENS_FILE: '${options.file}' ${error instanceof RangeError ? '' : 'cannot be read: '}${(error as Error).message}`,
      ])
    }
    return book
  }

  start(): void {
    if (this.options.file !== '') this.#timer = setInterval(() => void this.#readAgain(), LOOK_EVERY_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** `undefined` for a token that is not known, or has expired. */
  find(token: string): AuthToken | undefined {
    return findToken(this.#tokens, token, Date.now())
  }

  /** The token with this fingerprint, unless it was removed or has expired since. */
  byFingerprint(fingerprint: string): AuthToken | undefined {
    return this.#tokens.find((token) => fingerprintOf(token) === fingerprint && isValid(token, Date.now()))
  }

  async #read(): Promise<void> {
    const { file, tokens } = this.options
    const content = await readFile(file, 'utf8')
    if (content === this.#content) return
    const all = [...tokens, ...parseAuthTokens(content)]
    requireDifferent(all)
    this.#tokens = all
    this.#content = content
    this.options.logger.info({ file, tokens: all.map(({ name, role }) => `${name} (${role})`) }, 'tokens read')
  }

  async #readAgain(): Promise<void> {
    try {
      await this.#read()
    } catch (error) {
      this.options.logger.error(
        { err: error, file: this.options.file },
        'AUTH_TOKENS_FILE cannot be used as it is; the tokens that it held before stay in use',
      )
    }
  }
}

/** What a login remembers of its token: enough to find it again, not to guess it. */
export function fingerprintOf({ hash: token }: AuthToken): string {
  return hash('sha256', Buffer.concat([Buffer.from('session of '), token]), 'base64url')
}
