/** "head" asks only for the community's summary, "all" for everything the page shows. */
export type Scope = "head" | "all";

/** A slow server is asked less often: the pause is at least this many times the last load's length. */
const PAUSE_PER_LOAD = 3;
/** But never longer than this: a server that came back is noticed soon. */
const LONGEST_PAUSE_MS = 10_000;

/**
 * Runs loads one after the other, never closer together than the spacing. Requests that come meanwhile become one
 * load of the widest scope asked for, so a burst of events costs one round and the last event is never lost.
 */
export class Refresher {
  #wanted: Scope | undefined;
  #running = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #notBefore = 0;
  #hurried = false;

  constructor(
    private readonly load: (scope: Scope) => Promise<void>,
    private readonly spacingMs: () => number,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  request(scope: Scope): void {
    this.#wanted = this.#wanted === "all" ? "all" : scope;
    this.#schedule();
  }

  /** What a person asked for does not wait for the spacing. */
  hurry(scope: Scope): void {
    this.#notBefore = 0;
    this.#hurried = this.#running;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.request(scope);
  }

  stop(): void {
    this.#hurried = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wanted = undefined;
  }

  #schedule(): void {
    if (this.#running || this.#timer !== undefined || this.#wanted === undefined) return;
    const wait = this.#notBefore - this.clock();
    if (wait <= 0) {
      void this.#run();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#run();
    }, wait);
  }

  async #run(): Promise<void> {
    const scope = this.#wanted;
    if (scope === undefined) return;
    this.#wanted = undefined;
    this.#running = true;
    const begun = this.clock();
    try {
      await this.load(scope);
    } finally {
      const took = this.clock() - begun;
      const pause = Math.max(this.spacingMs(), Math.min(took * PAUSE_PER_LOAD, LONGEST_PAUSE_MS));
      this.#notBefore = this.#hurried ? 0 : begun + took + pause;
      this.#hurried = false;
      this.#running = false;
      this.#schedule();
    }
  }
}
