import { expect, test } from "vitest";
import { ageOf, clockText, isZone, knownZone, midnightBefore, zoned } from "./time";

const NEW_YEAR = Date.UTC(2016, 11, 31, 22, 0) / 1000;

test("times are the community's, whatever the device's zone is", () => {
  expect(zoned(NEW_YEAR, "Africa/Harare")).toEqual({
    year: 2017,
    month: 1,
    day: 1,
    weekday: 0,
    hour: 0,
    minute: 0,
    second: 0,
  });
  expect(zoned(NEW_YEAR, "UTC")).toMatchObject({ year: 2016, month: 12, day: 31, weekday: 6, hour: 22 });
});

test("midnight is 00:00, never 24:00", () => {
  expect(clockText(zoned(NEW_YEAR, "Africa/Harare"))).toBe("00:00");
});

test("seconds show only where a time has some", () => {
  expect(clockText(zoned(NEW_YEAR + 5 * 3_600 + 65, "Africa/Harare"))).toBe("05:01:05");
});

test("a zone with summer time moves with it", () => {
  const summer = Date.UTC(2016, 6, 31, 23, 0) / 1000;
  expect(clockText(zoned(summer, "Europe/London"))).toBe("00:00");
});

test("an unknown zone is told, not guessed", () => {
  expect(isZone("Africa/Harare")).toBe(true);
  expect(isZone("Africa/Atlantis")).toBe(false);
});

test.each([
  [-5_000, 0, "second"],
  [59_999, 59, "second"],
  [60_000, 1, "minute"],
  [3_599_999, 59, "minute"],
  [3_600_000, 1, "hour"],
  [86_400_000, 1, "day"],
  [200_000_000, 2, "day"],
])("%i ms is %i %s", (ms, count, unit) => {
  expect(ageOf(ms)).toEqual({ count, unit });
});

test("days are counted in UTC where the browser does not know the zone", () => {
  expect(knownZone("Africa/Harare")).toBe("Africa/Harare");
  expect(knownZone("Mars/Olympus")).toBe("UTC");
  expect(midnightBefore(1_762_207_200, 0, knownZone("Mars/Olympus"))).toBe(1_762_128_000);
});
