/** Between two updates of the elapsed time, in ms. */
const TICK = 250
/** A step that took at least this long leaves its line on the terminal, in ms. */
const WORTH_KEEPING = 1_000

/**
 * Says on stderr what is being done, with the elapsed time: rewritten in place on a terminal, one line per step otherwise.
 * Other output goes through `print`, so that it does not run into the line.
 */
export class Progress {
  /** @type {{ doing: string, since: number, timer: NodeJS.Timeout } | undefined} */
  #step
  #terminal = process.stderr.isTTY

  /**
   * Ends the step before, and says what is done from now on.
   *
   * @param {string} doing without full stop: `Installing packages`
   */
  step(doing) {
    if (this.#step?.doing === doing) return
    this.done()
    if (!this.#terminal) process.stderr.write(`${doing}…\n`)
    const timer = setInterval(() => this.#draw(), TICK).unref()
    this.#step = { doing, since: Date.now(), timer }
    this.#draw()
  }

  /** Ends the step: its line stays if it took long, and goes otherwise. */
  done() {
    const step = this.#step
    if (!step) return
    clearInterval(step.timer)
    this.#draw()
    if (Date.now() - step.since < WORTH_KEEPING) this.#clear()
    else if (this.#terminal) process.stderr.write('\n')
    this.#step = undefined
  }

  /**
   * Writes whole lines to stdout, above the progress line.
   *
   * @param {string} lines without the last line end
   */
  print(lines) {
    this.#clear()
    process.stdout.write(`${lines}\n`)
    this.#draw()
  }

  #draw() {
    if (!this.#terminal || !this.#step) return
    const seconds = Math.floor((Date.now() - this.#step.since) / 1000)
    this.#clear()
    process.stderr.write(`${this.#step.doing}…${seconds > 0 ? ` ${seconds}s` : ''}`)
  }

  #clear() {
    if (this.#terminal && this.#step) process.stderr.write('\r\u001b[2K')
  }
}
