import { expect, test } from "vitest";
import { curveOf, extentOf } from "./curve";

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
