import { api, ApiProblem } from "./api/client";
import type {
  Certificate,
  Community,
  CommunityProduction,
  Interval,
  Meter,
  MeterProduction,
  Mint,
  Page,
} from "./api/types";
import { linkOf, spacingOf, type Link } from "./live/link";
import { Refresher, type Scope } from "./live/refresher";
import { BlockStream } from "./live/stream";

export interface HomeDetail {
  meter: Meter;
  production: MeterProduction[];
  mints: Page<Mint>;
}

export const HOMES_STEP = 50;
export const INTERVALS_STEP = 12;
export const MINTS_STEP = 10;
export const CHART_INTERVALS = 96;

/** Without any event, how often the page asks whether the API still answers: a frozen server keeps its stream open. */
const HEARTBEAT_MS = 10_000;
/** How often, without any event, it asks for everything. */
const FULL_HEARTBEAT_MS = 30_000;
/** Blocks without reports still bring the rest up to date at least this often: verification is no event. */
const FULL_AT_LEAST_MS = 10_000;
/** After a failure the page asks again this soon, whatever the stream does. */
const RETRY_MS = 4_000;

interface NetworkInformation {
  saveData?: boolean;
}

function savesData(): boolean {
  return (navigator as Navigator & { connection?: NetworkInformation }).connection?.saveData === true;
}

/** Everything the page shows of the community, kept up to date by the stream. One instance lives as long as the page. */
export class CommunityView {
  community = $state.raw<Community>();
  homes = $state.raw<Page<Meter>>();
  production = $state.raw<CommunityProduction[]>();
  intervals = $state.raw<Page<Interval>>();
  certificates = $state.raw<Certificate[]>();

  homeId = $state<string>();
  home = $state.raw<HomeDetail>();
  homeUnknown = $state(false);

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

  #homesShown = HOMES_STEP;
  #intervalsShown = INTERVALS_STEP;
  #mintsShown = MINTS_STEP;
  #fullAt = -Infinity;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #refresher = new Refresher(
    (scope) => this.#load(scope),
    () => spacingOf(savesData()),
  );
  #stream = new BlockStream({
    opened: () => {
      this.#streamOpen = true;
      this.#refresher.hurry("all");
    },
    block: (event) => {
      const quiet = event.reports === 0 && event.mints === 0 && event.meters === 0;
      const recent = performance.now() - this.#fullAt < FULL_AT_LEAST_MS;
      if (!document.hidden) this.#refresher.request(quiet && recent ? "head" : "all");
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
      this.#stream.start();
      this.#refresher.hurry("all");
    };
    addEventListener("offline", offline);
    addEventListener("online", online);
    document.addEventListener("visibilitychange", seen);
    this.#stream.start();
    // The numbers do not wait for the stream, which a proxy may hold back.
    this.#refresher.request("all");
    return () => {
      clearInterval(tick);
      clearInterval(heartbeat);
      clearTimeout(this.#retry);
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
      this.#stream.start();
      this.#refresher.hurry("all");
    }
  }

  showMoreHomes(): void {
    this.#homesShown += HOMES_STEP;
    this.#refresher.hurry("all");
  }

  showOlderIntervals(): void {
    this.#intervalsShown += 2 * INTERVALS_STEP;
    this.#refresher.hurry("all");
  }

  showOlderMints(): void {
    this.#mintsShown += 2 * MINTS_STEP;
    this.#refresher.hurry("all");
  }

  openHome(id: string | undefined): void {
    if (id === this.homeId) return;
    this.homeId = id;
    this.home = undefined;
    this.homeUnknown = false;
    this.#mintsShown = MINTS_STEP;
    if (id !== undefined) this.#refresher.hurry("all");
  }

  async #load(scope: Scope): Promise<void> {
    const asked = Date.now();
    try {
      if (scope === "head") {
        this.community = await api.community();
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

  /** Shows a round only once all of it is there, so that one screen tells of one time. */
  async #loadAll(): Promise<void> {
    const homeId = this.homeId;
    const [community, homes, production, intervals, certificates, home] = await Promise.all([
      api.community(),
      api.meters(this.#homesShown),
      api.production(),
      api.intervals(this.#intervalsShown),
      api.certificates(),
      homeId === undefined ? undefined : this.#loadHome(homeId),
    ]);
    this.community = community;
    this.homes = homes;
    this.production = production.items;
    this.intervals = intervals;
    this.certificates = certificates.items;
    if (homeId !== undefined && homeId === this.homeId) {
      this.home = home;
      this.homeUnknown = home === undefined;
    }
  }

  async #loadHome(id: string): Promise<HomeDetail | undefined> {
    const newest = this.community?.current?.interval ?? (await api.community()).current?.interval;
    try {
      const [meter, production, mints] = await Promise.all([
        api.meter(id),
        newest === undefined
          ? { items: [] }
          : api.meterProduction(id, Math.max(0, newest - CHART_INTERVALS + 1), CHART_INTERVALS),
        api.mints(id, this.#mintsShown),
      ]);
      return { meter, production: production.items, mints };
    } catch (error) {
      // 404: no such meter; 422: not an id at all. Both mean the address in the bar is wrong, not the service.
      if (error instanceof ApiProblem && (error.status === 404 || error.status === 422)) return undefined;
      throw error;
    }
  }
}
