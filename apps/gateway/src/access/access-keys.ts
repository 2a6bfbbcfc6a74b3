/** Keys in Redis of what the gateway keeps about callers. Each holds something for a while; none is needed for runs. */
export class AccessKeys {
  constructor(private readonly prefix: string) {}

  /** A browser's login, by the hash of its cookie. */
  session(hash: string): string {
    return `${this.prefix}:access:session:${hash}`
  }

  /** First part of the keys in which requests are counted. */
  get limits(): string {
    return `${this.prefix}:access:limits`
  }
}
