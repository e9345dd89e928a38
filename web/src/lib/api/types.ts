/** What the API under /v1 answers. Energy is integer Wh, times are unix seconds UTC, ids decimal strings. */

export type Hex = `0x${string}`;

/** A number of watt-hours, or null where nothing is known. Unknown is never zero. */
export type Wh = number | null;

export interface Flow {
  generated_wh: Wh;
  import_wh: Wh;
  export_wh: Wh;
}

export interface Span {
  interval: number;
  start: number;
  end: number;
}

export interface CurrentInterval extends Span, Flow {
  meters_reporting: number;
}

export interface Today extends Flow {
  start: number;
  certified_wh: Wh;
}

export interface Totals extends Flow {
  readings: number;
  reports: number;
  certified_wh: Wh;
  retired_wh: Wh;
}

export interface Community {
  name: string;
  zone: string;
  chain_id: number;
  interval_seconds: number;
  now: number | null;
  finality_seconds: number;
  contracts: Record<string, Hex>;
  meters: number;
  current: CurrentInterval | null;
  today: Today | null;
  totals: Totals;
  block: { number: number; hash: Hex; timestamp: number } | null;
}

export interface Meter {
  meter_id: Hex;
  name: string;
  account: Hex;
  kind: string;
  source: string;
  category: string;
  feeder: number;
  generation_capacity_w: number;
  connection_capacity_w: number;
  simulated: boolean;
  suspended: boolean;
  registers: Flow & { timestamp: number; seq: number };
  last: (Flow & { interval: number }) | null;
  today: Flow | null;
  total: Flow & { certified_wh: Wh };
  certified: { seq: number; timestamp: number } | null;
}

export type IntervalStatus = "reported" | "verified" | "certified" | "mismatch";

export interface CommunityProduction extends Span, Flow {
  certified_wh: Wh;
  meters_reporting: number;
}

export interface MeterProduction extends Span, Flow {
  seq: number;
  timestamp: number;
  status: string;
}

export interface Report {
  root: Hex;
  data_hash: Hex;
  total_wh: number;
  count: number;
  tx_hash: Hex;
  block_number: number;
  block_hash: Hex;
  final: boolean;
}

export interface Interval extends Span, Flow {
  status: IntervalStatus;
  certified_wh: Wh;
  meters_reporting: number;
  production: Report | null;
  consumption: Report | null;
}

export interface Certificate {
  id: string;
  source: string;
  /** UTC days since 1970, or null where the day could not be proved. */
  day: number | string | null;
  simulated: boolean;
  minted_wh: Wh;
  retired_wh: Wh;
  supply_wh: Wh;
}

export interface Mint {
  meter_id: Hex;
  interval: number;
  id: string;
  account: Hex;
  wh: number;
  tx_hash: Hex;
  block_number: number;
}

export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

/** What the stream says after every indexed window of blocks. */
export interface BlockEvent {
  block_number: number;
  timestamp: number;
  reports?: number;
  mints?: number;
  meters?: number;
}
