import type { BlockEvent, TelemetryEvent } from "../api/types";

export interface StreamHandlers {
  /** The stream speaks; whatever happened before may have been missed. */
  opened(): void;
  block(event: BlockEvent): void;
  telemetry(event: TelemetryEvent): void;
  /** The stream is down; another attempt follows by itself. */
  lost(): void;
}

export interface Source {
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/** Wait before attempt `attempt` (1, 2, ...): doubling, bounded, and spread so that pages do not return all at once. */
export function backOff(attempt: number, random: () => number): number {
  const bound = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1));
  return Math.round(bound / 2 + (bound / 2) * random());
}

/**
 * One event stream that opens itself again. The browser's own retry is not relied on: it gives up for good when the
 * server answers an error, as a starting server does.
 */
export class EventStream {
  #source: Source | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #stopped = true;

  constructor(
    private readonly handlers: StreamHandlers,
    private readonly connect: () => Source = () => new EventSource("/v1/stream") as Source,
    private readonly random: () => number = Math.random,
  ) {}

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#failures = 0;
    this.#attempt();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = undefined;
  }

  #attempt(): void {
    const source = this.connect();
    this.#source = source;
    // Said first, and again whenever blocks may have been missed.
    source.addEventListener("hello", () => {
      if (source !== this.#source) return;
      this.#failures = 0;
      this.handlers.opened();
    });
    const hear = <Event>(type: string, handle: (event: Event) => void): void =>
      source.addEventListener(type, (message) => {
        if (source !== this.#source) return;
        let event: Event;
        try {
          event = JSON.parse(message.data) as Event;
        } catch {
          return; // A line that is no JSON says nothing; the next one or the heartbeat brings the state.
        }
        handle(event);
      });
    hear<BlockEvent>("block", (event) => this.handlers.block(event));
    hear<TelemetryEvent>("telemetry", (event) => this.handlers.telemetry(event));
    source.addEventListener("error", () => {
      if (source !== this.#source) return;
      source.close();
      this.#source = undefined;
      this.#failures += 1;
      this.#timer = setTimeout(() => this.#attempt(), backOff(this.#failures, this.random));
      this.handlers.lost();
    });
  }
}
