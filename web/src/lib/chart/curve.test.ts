import { expect, test } from "vitest";
import { curveOf, extentOf, peaksOf } from "./curve";

const same = (value: number): number => value;

test("a curve breaks where nothing was heard, and where a value is missing", () => {
  const points = [
    { time: 0, value: 1 },
    { time: 60, value: 2 },
    { time: 240, value: 3 },
    { time: 300, value: null },
    { time: 360, value: 4 },
  ];
  expect(curveOf(points, 120, same, same)).toBe(
    "M0.0 1.0L0.0 1.0L60.0 2.0M240.0 3.0L240.0 3.0M360.0 4.0L360.0 4.0",
  );
});

test("the extent is of what is known", () => {
  expect(extentOf([3, null, -5])).toEqual({ least: -5, most: 3 });
  expect(extentOf([null])).toBeUndefined();
});

test("the most is the most that was heard, not the most of the means", () => {
  const step = {
    time: 0,
    count: 12,
    power_min_w: -1_300,
    power_mean_w: -1_250,
    power_max_w: 40,
    generation_min_w: 2_050,
    generation_mean_w: 2_100,
    generation_max_w: 2_160,
    voltage_mean_decivolt: null,
    frequency_mean_millihertz: null,
    power_factor_mean_permille: null,
    temperature_mean_decicelsius: null,
  };
  expect(peaksOf([step])).toEqual({ generation: 2_160, into: 1_300, out: 40 });
  const silent = { ...step, generation_min_w: null, generation_mean_w: null, generation_max_w: null };
  expect(peaksOf([silent]).generation).toBeUndefined();
  expect(peaksOf([])).toEqual({ generation: undefined, into: undefined, out: undefined });
});
