import { expect, test } from "vitest";
import type { AdminOverview } from "../lib/api/types";
import { findingsOf } from "./attention";

const well: AdminOverview = {
  now: 1,
  indexer: { block_number: 9, head_number: 9, blocks_behind: 0, silence_seconds: 0 },
  intervals: {
    reported: 4,
    verified: 4,
    mismatched: 0,
    data_sets_missing: 0,
    half_reported: 0,
    uncertified: 1,
    newest: 4,
    waiting: 1,
  },
  meters: { total: 2, suspended: 0, online: 2, offline: 0, unknown: 0, with_state: 2, with_reading: 2 },
  telemetry: { running: true, started_at: 1, seen_at: 1, taken: 1, stored: 1, dropped: {} },
  paused: false,
};

test("where all is well there is nothing to look at", () => {
  expect(findingsOf(well)).toEqual([]);
});

test("what is not well is named with the API's own count", () => {
  const ill = {
    ...well,
    meters: { ...well.meters, offline: 2, suspended: 1 },
    intervals: { ...well.intervals, data_sets_missing: 3 },
    telemetry: null,
    paused: true,
  };
  expect(findingsOf(ill)).toEqual([
    { what: "offline", count: 2 },
    { what: "suspended", count: 1 },
    { what: "missing", count: 3 },
    { what: "telemetry", count: 1 },
    { what: "paused", count: 1 },
  ]);
});
