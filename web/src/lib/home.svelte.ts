import { api, ApiProblem } from "./api/client";
import type { Meter, MeterProduction, Mint, Page } from "./api/types";

export interface HomeDetail {
  meter: Meter;
  production: MeterProduction[];
  mints: Page<Mint>;
}

const MINTS_STEP = 10;
const CHART_INTERVALS = 96;

/** One home's detail, loaded while it is open. */
export class HomeView {
  detail = $state.raw<HomeDetail>();
  unknown = $state(false);

  #mintsShown = MINTS_STEP;

  constructor(
    readonly id: string,
    private readonly newest: () => number | undefined,
  ) {}

  load = async (): Promise<() => void> => {
    const detail = await this.#ask();
    return () => {
      this.detail = detail;
      this.unknown = detail === undefined;
    };
  };

  showOlderMints(): void {
    this.#mintsShown += 2 * MINTS_STEP;
  }

  async #ask(): Promise<HomeDetail | undefined> {
    const newest = this.newest() ?? (await api.community()).current?.interval;
    try {
      const [meter, production, mints] = await Promise.all([
        api.meter(this.id),
        newest === undefined
          ? { items: [] }
          : api.meterProduction(this.id, Math.max(0, newest - CHART_INTERVALS + 1), CHART_INTERVALS),
        api.mints(this.id, this.#mintsShown),
      ]);
      return { meter, production: production.items, mints };
    } catch (error) {
      // 404: no such meter; 422: not an id at all. Both mean the address in the bar is wrong, not the service.
      if (error instanceof ApiProblem && (error.status === 404 || error.status === 422)) return undefined;
      throw error;
    }
  }
}
