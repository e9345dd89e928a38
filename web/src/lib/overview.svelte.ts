import { api } from "./api/client";
import type { Certificate, CommunityProduction, Interval, Meter, Page } from "./api/types";

const HOMES_STEP = 50;
const INTERVALS_STEP = 12;

/** What the overview shows beside the community's summary. It is kept while another page is looked at. */
export class OverviewView {
  homes = $state.raw<Page<Meter>>();
  production = $state.raw<CommunityProduction[]>();
  intervals = $state.raw<Page<Interval>>();
  certificates = $state.raw<Certificate[]>();

  #homesShown = HOMES_STEP;
  #intervalsShown = INTERVALS_STEP;

  load = async (): Promise<() => void> => {
    const [homes, production, intervals, certificates] = await Promise.all([
      api.meters(this.#homesShown),
      api.production(),
      api.intervals(this.#intervalsShown),
      api.certificates(),
    ]);
    return () => {
      this.homes = homes;
      this.production = production.items;
      this.intervals = intervals;
      this.certificates = certificates.items;
    };
  };

  showMoreHomes(): void {
    this.#homesShown += HOMES_STEP;
  }

  showOlderIntervals(): void {
    this.#intervalsShown += 2 * INTERVALS_STEP;
  }
}
