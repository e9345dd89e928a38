/**
 * Names for what the API under /v1 answers; the shapes are generated from its description (`npm run api-types`).
 * Energy is integer Wh, times are unix seconds UTC, ids decimal strings.
 */
import type { components } from "./schema";

type Schemas = components["schemas"];

/** A number of watt-hours, or null where nothing is known. Unknown is never zero. */
export type Wh = number | null;

export type Flow = Schemas["Flow"];
export type Community = Schemas["Community"];
export type Meter = Schemas["Meter"];
export type CommunityProduction = Schemas["CommunityProduction"];
export type MeterProduction = Schemas["MeterProduction"];
export type Interval = Schemas["IntervalItem"];
export type Certificate = Schemas["CertificateItem"];
export type Mint = Schemas["Mint"];

/** Money is integer micro-units (1e-6) of the tariff's currency. */
export type Tariff = Schemas["Tariff"];
export type Payouts = Schemas["Payouts"];
/** What an account's and a meter's figures have in common. */
export type Payout = Omit<Schemas["AccountPayout"], "account" | "meters">;

export type TelemetrySums = Schemas["CommunityTelemetry"];
export type MeterTelemetry = Schemas["MeterTelemetry"];
export type Telemetry = Schemas["TelemetryPage"];
export type TelemetrySeries = Schemas["TelemetrySeries"];

export type Bucket = "hour" | "day";

export type AdminOverview = Schemas["Overview"];
export type AdminNodes = Schemas["NodeList"];
export type AdminNode = AdminNodes["items"][number];
export type Finding = Schemas["Finding"];
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
