import { api, ApiProblem } from "../lib/api/client";
import type { Meter, MeterProduction, Payout, Payouts, TelemetrySeries } from "../lib/api/types";
import type { CommunityView } from "../lib/community.svelte";
import { knownZone } from "../lib/format/time";
import { betweenOf, bucketOf, type Range } from "../lib/range";

/** An account may own several meters; then each of them has a page of its own. */
export interface ProducerDetail {
  range: Range;
  payouts: Payouts;
  /** The figures of this account or this meter. */
  figures: Payout;
  account: string;
  meters: Meter[];
  /** Bars of the range, where the page is about one meter. */
  buckets: MeterProduction[];
}

/** The curve of the last hours is long and changes slowly. */
const SERIES_AT_LEAST_MS = 30_000;
const METER_ID_LENGTH = 66;

/** One producer's figures, loaded while its page is shown. */
export class ProducerView {
  range = $state<Range>("today");
  detail = $state.raw<ProducerDetail>();
  series = $state.raw<TelemetrySeries>();
  /** Nobody of this id is registered. */
  unknown = $state(false);
  /** Nothing has been reported, so there is no day to speak of. */
  early = $state(false);

  #seriesAt = -Infinity;

  constructor(
    private readonly id: string,
    private readonly community: CommunityView,
  ) {}

  load = async (): Promise<() => void> => {
    try {
      return await this.#ask();
    } catch (error) {
      if (!(error instanceof ApiProblem) || (error.status !== 404 && error.status !== 422)) throw error;
      return () => (this.unknown = true);
    }
  };

  choose(range: Range): void {
    this.range = range;
    this.community.refresh();
  }

  async #ask(): Promise<() => void> {
    const range = this.range;
    const { today, zone } = this.community.community ?? (await api.community());
    const meter = this.id.length === METER_ID_LENGTH ? await api.meter(this.id) : undefined;
    if (today === null) return () => (this.early = true);
    const between = betweenOf(range, today.start, knownZone(zone));
    const payouts = await api.payouts(between, meter?.account ?? this.id);
    const figures =
      meter === undefined
        ? payouts.accounts[0]
        : payouts.meters.find((each) => each.meter_id === meter.meter_id);
    if (figures === undefined) return () => (this.unknown = true);
    const meters =
      meter === undefined
        ? await Promise.all(payouts.meters.map((each) => api.meter(each.meter_id)))
        : [meter];
    const only = meters.length === 1 ? meters[0] : undefined;
    const [buckets, series] =
      only === undefined
        ? [undefined, undefined]
        : await Promise.all([
            api.meterBuckets(only.meter_id, bucketOf(range), between),
            this.#askSeries(only.meter_id),
          ]);
    const account = meter?.account ?? this.id;
    return () => {
      this.early = false;
      this.unknown = false;
      if (series !== undefined) this.series = series;
      // Chosen anew meanwhile: the round that follows brings it.
      if (range !== this.range) return;
      this.detail = { range, payouts, figures, account, meters, buckets: buckets?.items ?? [] };
    };
  }

  async #askSeries(meterId: string): Promise<TelemetrySeries | undefined> {
    if (performance.now() - this.#seriesAt < SERIES_AT_LEAST_MS) return undefined;
    const series = await api.meterTelemetry(meterId);
    this.#seriesAt = performance.now();
    return series;
  }
}
