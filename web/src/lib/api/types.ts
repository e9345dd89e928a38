/**
 * Names for what the API under /v1 answers; the shapes are generated from its description (`npm run api-types`).
 * Energy is integer Wh, times are unix seconds UTC, ids decimal strings.
 */
import type { components } from "./schema";

type Schemas = components["schemas"];

/** A number of watt-hours, or null where nothing is known. Unknown is never zero. */
export type Wh = number | null;

export type Flow = Schemas["Flow"];
export type Community = Schemas["Community"] & {
  report_indexed_at: number | null;
  /** Real seconds, as those of the meters. */
  report_age_seconds: number | null;
};
export type Meter = Schemas["Meter"] & {
  reading_indexed_at: number | null;
  reading_indexed_age_seconds: number | null;
};
export type CommunityProduction = Schemas["CommunityProduction"];
export type MeterProduction = Schemas["MeterProduction"];
export type Interval = Schemas["IntervalItem"];
export type Certificate = Schemas["CertificateItem"];
export type Mint = Schemas["Mint"];

/** Money is integer micro-units (1e-6) of the tariff's currency. */
export type Tariff = Schemas["Tariff"];
interface Known {
  intervals_known: number;
  intervals_spread: number;
}
type Figures<Sums> = {
  [Field in keyof Sums]: Field extends `${string}_wh` | `${string}_micro` | `${string}_remainder`
    ? number | null
    : Sums[Field];
} & Known;
export type Payouts = Omit<Schemas["Payouts"], "community" | "accounts" | "meters"> & {
  intervals_expected: number;
  intervals_known: number;
  community: Figures<Schemas["CommunityPayout"]>;
  accounts: Figures<Schemas["AccountPayout"]>[];
  meters: Figures<Schemas["MeterPayout"]>[];
};
/** What an account's and a meter's figures have in common. */
export type Payout = Omit<Payouts["accounts"][number], "account" | "meters">;

export type TelemetrySums = Schemas["CommunityTelemetry"] & { newest_arrived_age_seconds: number | null };
export type MeterTelemetry = Schemas["MeterTelemetry"] & { arrived_age_seconds: number | null };
export type Telemetry = Omit<Schemas["TelemetryPage"], "community" | "items"> & {
  community: TelemetrySums;
  items: MeterTelemetry[];
};
export type TelemetrySeries = Schemas["TelemetrySeries"];

export type Bucket = "hour" | "day";

export interface Finding {
  code: string;
  severity: "info" | "warning" | "critical";
  subjects: string[];
  numbers: Record<string, number | null>;
}
export type AdminOverview = Schemas["Overview"] & {
  verdict: "ok" | "warning" | "critical";
  findings: Finding[];
  report: { interval: number | null; indexed_at: number | null; age_seconds: number | null };
  clock: { time: number | null; heard_at: number | null; age_seconds: number | null; refused: number | null };
};
export type AdminNode = Schemas["NodeList"]["items"][number] & {
  missed_intervals: number | null;
  silent: boolean;
};
export type AdminNodes = Omit<Schemas["NodeList"], "items"> & { items: AdminNode[]; missed_limit: number };
export type NodeRefusals = Schemas["NodeRefusals"];
export type NodeDisagreements = Schemas["NodeDisagreements"];

/** What the stream says at most once a second; only the meters that changed. */
export interface TelemetryEvent {
  now: number;
  community: TelemetrySums;
  items: MeterTelemetry[];
  /** More changed than fits: ask for all. */
  more: boolean;
}

export interface Span {
  interval: number;
  start: number;
  end: number;
}

/** A range of unix seconds; the end is not in it. */
export interface Between {
  from: number;
  to: number;
}

export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

/** What the stream says after every indexed window of blocks; the counts are of that window. */
export interface BlockEvent {
  block_number: number;
  timestamp: number;
  reports?: number;
  mints?: number;
  meters?: number;
}
