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

export interface Span {
  interval: number;
  start: number;
  end: number;
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
