import { api } from "./api/client";
import type { Community } from "./api/types";
import { linkOf, spacingOf, type Link } from "./live/link";
import { Refresher, type Scope } from "./live/refresher";
import { EventStream } from "./live/stream";
import { LiveTelemetry } from "./live/telemetry.svelte";

/**
 * What one part of the page asks for in a full round. The answer shows it: all parts are shown together, once all of
 * them are there, so that one screen tells of one time.
 */
export type Part = () => Promise<() => void>;

/** Without any event, how often the page asks whether the API still answers: a frozen server keeps its stream open. */
const HEARTBEAT_MS = 10_000;
/** How often, without any event, it asks for everything. */
const FULL_HEARTBEAT_MS = 30_000;
/** Blocks without reports still bring the rest up to date at least this often: verification is no event. */
const FULL_AT_LEAST_MS = 10_000;
/** Events say what changed; that a meter fell silent only a full answer says. */
const TELEMETRY_AT_LEAST_MS = 10_000;
/** After a failure the page asks again this soon, whatever the stream does. */
const RETRY_MS = 4_000;

interface NetworkInformation {
  saveData?: boolean;
}

function savesData(): boolean {
  return (navigator as Navigator & { connection?: NetworkInformation }).connection?.saveData === true;
}

/** The community as every page shows it, kept up to date by the stream. One instance lives as long as the page. */
export class CommunityView {
  community = $state.raw<Community>();
  readonly telemetry = new LiveTelemetry();

  /** Wall time of this device, ms, moving once a second. */
  wall = $state(Date.now());
  failure = $state.raw<Error>();
  paused = $state(false);
  #confirmedAt = $state<number>();
  #streamOpen = $state(false);

  link: Link = $derived(
    linkOf({
      paused: this.paused,
      failing: this.failure !== undefined,
      confirmedAt: this.#confirmedAt,
      streamOpen: this.#streamOpen,
    }),
  );
  /** Milliseconds since the API confirmed what is shown; undefined before the first answer. */
  dataAge = $derived(
    this.#confirmedAt === undefined ? undefined : Math.max(0, this.wall - this.#confirmedAt),
  );

  readonly #parts = new Set<Part>();
  #started = false;
  #fullAt = -Infinity;
  #telemetryAt = -Infinity;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #full: ReturnType<typeof setTimeout> | undefined;
  #refresher = new Refresher(
    (scope) => this.#load(scope),
    () => spacingOf(savesData()),
  );
  #stream = new EventStream({
    opened: () => {
      this.#streamOpen = true;
      this.#telemetryAt = -Infinity;
      this.#refresher.hurry("all");
    },
    block: (event) => {
      const quiet = event.reports === 0 && event.mints === 0 && event.meters === 0;
      if (document.hidden) return;
      const recent = performance.now() - this.#fullAt < FULL_AT_LEAST_MS;
      this.#refresher.request(quiet && recent ? "head" : "all");
      if (quiet && recent) this.#fullSoon();
    },
    telemetry: (event) => {
      this.telemetry.apply(event);
      if (!event.more) return;
      this.#telemetryAt = -Infinity;
      if (!document.hidden) this.#refresher.request("head");
    },
    lost: () => {
      this.#streamOpen = false;
      this.#refresher.hurry("all");
    },
  });

  /** Starts the live view; the answer stops it. */
  start(): () => void {
    const tick = setInterval(() => {
      if (!document.hidden) this.wall = Date.now();
    }, 1_000);
    const heartbeat = setInterval(() => {
      if (this.paused || document.hidden || (this.dataAge ?? Infinity) < HEARTBEAT_MS / 2) return;
      this.#refresher.request(performance.now() - this.#fullAt < FULL_HEARTBEAT_MS ? "head" : "all");
    }, HEARTBEAT_MS);
    const seen = (): void => {
      this.wall = Date.now();
      if (!document.hidden && !this.paused) this.#refresher.hurry("all");
    };
    // An open connection says nothing when the network goes; the device does.
    const offline = (): void => {
      if (!this.paused) this.#refresher.hurry("all");
    };
    const online = (): void => {
      if (this.paused) return;
      this.#stream.stop();
      this.#streamOpen = false;
      this.#listen();
      this.#refresher.hurry("all");
    };
    addEventListener("offline", offline);
    addEventListener("online", online);
    document.addEventListener("visibilitychange", seen);
    this.#started = true;
    this.#listen();
    // The numbers do not wait for the stream, which a proxy may hold back.
    this.#refresher.request("all");
    return () => {
      this.#started = false;
      clearInterval(tick);
      clearInterval(heartbeat);
      clearTimeout(this.#retry);
      clearTimeout(this.#full);
      removeEventListener("offline", offline);
      removeEventListener("online", online);
      document.removeEventListener("visibilitychange", seen);
      this.#stream.stop();
      this.#refresher.stop();
    };
  }

  togglePause(): void {
    this.paused = !this.paused;
    if (this.paused) {
      this.#stream.stop();
      this.#refresher.stop();
      this.#streamOpen = false;
    } else {
      this.#listen();
      this.#refresher.hurry("all");
    }
  }

  /** A device that saves data gets no stream, whose live values never rest; the heartbeat asks once a minute. */
  #listen(): void {
    if (!savesData()) this.#stream.start();
  }

  /** Lets a part of the page ask along in every full round; the answer lets it leave. */
  join(part: Part): () => void {
    this.#parts.add(part);
    this.refresh();
    return () => this.#parts.delete(part);
  }

  /** Asks for everything now: a person waits for it. Before the start, the first round brings it anyhow. */
  refresh(): void {
    if (this.#started) this.#refresher.hurry("all");
  }

  /** A quiet block may still have changed something, such as a retirement: everything follows a little later. */
  #fullSoon(): void {
    this.#full ??= setTimeout(() => {
      this.#full = undefined;
      if (!this.paused && !document.hidden) this.#refresher.request("all");
    }, FULL_AT_LEAST_MS);
  }

  async #load(scope: Scope): Promise<void> {
    const asked = Date.now();
    try {
      if (scope === "head") {
        [this.community] = await Promise.all([api.community(), this.#loadTelemetry()]);
      } else {
        await this.#loadAll();
        this.#fullAt = performance.now();
      }
      this.failure = undefined;
      this.#confirmedAt = asked;
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => {
        if (!this.paused && !document.hidden) this.#refresher.request("all");
      }, RETRY_MS);
    } finally {
      this.wall = Date.now();
    }
  }

  async #loadAll(): Promise<void> {
    const [community, , ...parts] = await Promise.all([
      api.community(),
      this.#loadTelemetry(),
      ...[...this.#parts].map(async (part) => ({ part, show: await part() })),
    ]);
    this.community = community;
    // A part that left meanwhile has nothing to show any more.
    for (const { part, show } of parts) if (this.#parts.has(part)) show();
  }

  async #loadTelemetry(): Promise<void> {
    if (performance.now() - this.#telemetryAt < TELEMETRY_AT_LEAST_MS) return;
    const asked = performance.now();
    const answer = await api.telemetry();
    this.#telemetryAt = asked;
    this.telemetry.take(answer);
  }
}
