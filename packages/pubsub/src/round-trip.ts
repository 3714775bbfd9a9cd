/** A smoothed round trip and its deviation. Source: RFC 6298 section 2; that it falls faster than it rises is our choice. */
export class RoundTrip {
  #smoothedMs: number | undefined
  #deviationMs: number

  /** `initialMs` is assumed until one is measured. */
  constructor(initialMs: number) {
    this.#deviationMs = initialMs / 4
    this.#initialMs = initialMs
  }

  readonly #initialMs: number

  /** Milliseconds, or `undefined` before the first measurement. */
  get smoothedMs(): number | undefined {
    return this.#smoothedMs
  }

  sample(ms: number): void {
    if (!(ms >= 0)) return
    if (this.#smoothedMs === undefined) {
      this.#smoothedMs = ms
      this.#deviationMs = ms / 2
      return
    }
    const difference = ms - this.#smoothedMs
    // What gets shorter does not become less certain, and a first one, taken while all was new, is soon forgotten.
    const deviation = difference < 0 ? Math.min(-difference, this.#deviationMs / 2) : difference
    this.#deviationMs += (deviation - this.#deviationMs) / 4
    this.#smoothedMs += difference / (difference < 0 ? 2 : 8)
  }

  /** Few round trips take longer: about the 95th percentile. */
  get highMs(): number {
    return (this.#smoothedMs ?? this.#initialMs) + 2 * this.#deviationMs
  }

  /** After this an answer is late. Never below `floorMs`, which covers the other side's own work. */
  get timeoutMs(): number {
    return Math.max(floorMs, (this.#smoothedMs ?? this.#initialMs) + 4 * this.#deviationMs)
  }
}

/** Source: our choice; a busy event loop answers within this. */
const floorMs = 20
