/** What an admin should look at first. Every entry is a count of the API's own; nothing is judged here. */
import type { AdminOverview } from "../lib/api/types";

export const ATTENTION = [
  "offline",
  "suspended",
  "mismatched",
  "missing",
  "behind",
  "telemetry",
  "paused",
] as const;
export type Attention = (typeof ATTENTION)[number];

export interface Finding {
  what: Attention;
  count: number;
}

export function findingsOf(overview: AdminOverview): Finding[] {
  const counts: Record<Attention, number> = {
    offline: overview.meters.offline,
    suspended: overview.meters.suspended,
    mismatched: overview.intervals.mismatched,
    missing: overview.intervals.data_sets_missing,
    behind: overview.indexer.blocks_behind ?? 0,
    telemetry: overview.telemetry?.running === true ? 0 : 1,
    paused: overview.paused ? 1 : 0,
  };
  return ATTENTION.filter((what) => counts[what] > 0).map((what) => ({ what, count: counts[what] }));
}
