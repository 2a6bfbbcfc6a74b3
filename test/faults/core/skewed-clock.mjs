// Loaded before a process's own code: its wall clock is wrong by CLOCK_SKEW_MS, and steps on by CLOCK_STEP_MS at SIGUSR2.
// Timers and performance.now() stay right, as on a machine whose clock somebody has set.
const RealDate = Date
let skew = Number(process.env['CLOCK_SKEW_MS'] ?? 0)
const step = Number(process.env['CLOCK_STEP_MS'] ?? 0)

class SkewedDate extends RealDate {
  /** @param {any[]} parts */
  constructor(...parts) {
    if (parts.length === 0) super(SkewedDate.now())
    // @ts-expect-error Date's constructors take one to seven parts.
    else super(...parts)
  }

  static now() {
    return RealDate.now() + skew
  }
}

globalThis.Date = /** @type {DateConstructor} */ (SkewedDate)
if (step !== 0)
  process.on('SIGUSR2', () => {
    skew += step
  })
