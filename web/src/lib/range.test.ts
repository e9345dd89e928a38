import { expect, test } from "vitest";
import { midnightBefore } from "./format/time";
import { betweenOf, bucketOf } from "./range";

const HARARE = "Africa/Harare";
const midnight = Date.UTC(2025, 10, 3, 22) / 1000; // 4 November 00:00 in Harare, two hours ahead of UTC

test("today is one local day, a week seven, a month thirty, all ending with the newest day", () => {
  const end = midnight + 86_400;
  expect(betweenOf("today", midnight, HARARE)).toEqual({ from: midnight, to: end });
  expect(betweenOf("week", midnight, HARARE)).toEqual({ from: end - 7 * 86_400, to: end });
  expect(betweenOf("month", midnight, HARARE)).toEqual({ from: end - 30 * 86_400, to: end });
  expect(bucketOf("today")).toBe("hour");
  expect(bucketOf("month")).toBe("day");
});

test("days are the calendar's where clocks change", () => {
  const berlin = "Europe/Berlin";
  const sunday = Date.UTC(2025, 9, 25, 22) / 1000; // 26 October 00:00 summer time, a day of 25 hours
  expect(betweenOf("today", sunday, berlin)).toEqual({ from: sunday, to: sunday + 25 * 3_600 });
  expect(midnightBefore(sunday + 25 * 3_600, 1, berlin)).toBe(sunday);
});

test("any time of a day leads to its midnight", () => {
  expect(midnightBefore(midnight + 86_399, 0, HARARE)).toBe(midnight);
  expect(midnightBefore(midnight + 86_400, 0, HARARE)).toBe(midnight + 86_400);
});
