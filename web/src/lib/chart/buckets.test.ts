import { expect, test } from "vitest";
import type { MeterProduction } from "../api/types";
import { barsOf } from "./buckets";
import { slotsOf, summaryOf } from "./scale";

const HOUR = 3_600;

const bucket = (hour: number, wh: number | null): MeterProduction => ({
  start: hour * HOUR,
  end: (hour + 1) * HOUR,
  interval: hour * 4,
  generated_wh: wh,
  import_wh: wh,
  export_wh: wh,
  intervals: wh === null ? 0 : 4,
  intervals_spread: 0,
  seq: null,
  timestamp: null,
  status: null,
});

test("hours to come are no gaps, an hour nobody heard of between known ones is", () => {
  const bars = barsOf([bucket(0, null), bucket(1, 5), bucket(2, null), bucket(3, 7), bucket(4, null)]);
  expect(bars.map((bar) => bar.start / HOUR)).toEqual([1, 2, 3]);
  const summary = summaryOf(slotsOf(bars, bars.length));
  expect(summary.gaps).toBe(1);
  expect(summary.generated).toBe(12);
});

test("energy that came after a gap has a bar, though no interval of its own was read", () => {
  const spread = { ...bucket(2, 6), intervals: 0, intervals_spread: 4 };
  expect(barsOf([bucket(1, 5), spread]).map((bar) => bar.generated_wh)).toEqual([5, 6]);
});

test("a range of which nothing is known has no bars", () => {
  expect(barsOf([bucket(0, null)])).toEqual([]);
  expect(barsOf([])).toEqual([]);
});

test("bars keep their own begin and end where a day is longer than others", () => {
  const long = { ...bucket(0, 1), end: 25 * HOUR };
  const next = { ...bucket(0, 2), start: 25 * HOUR, end: 49 * HOUR };
  expect(slotsOf(barsOf([long, next]), 2).map(({ start, end }) => [start / HOUR, end / HOUR])).toEqual([
    [0, 25],
    [25, 49],
  ]);
});
