import { expect, test } from "vitest";
import english from "./en.json";
import { age, aged, ago, days, daySpan, energy, moment, money, plural, price, reasonText, t } from "./text";

const HARARE = "Africa/Harare";
const start = Date.UTC(2016, 7, 1, 12) / 1000;

test("every text is there, and no key lost its plural twin", () => {
  const keys = Object.keys(english);
  for (const [key, text] of Object.entries(english)) expect(text, key).not.toBe("");
  for (const key of keys.filter((each) => each.endsWith(".one")))
    expect(keys).toContain(key.replace(/one$/, "other"));
  for (const key of keys.filter((each) => each.endsWith(".other")))
    expect(keys).toContain(key.replace(/other$/, "one"));
});

test("placeholders are filled, and a missing value shows its name", () => {
  expect(t("now.homes", { count: 7, total: 8 })).toBe("7 of 8 homes reporting");
  expect(t("header.block")).toBe("Block {number}");
});

test("one is one, everything else is other", () => {
  expect(plural("chart.gaps.interval", 1)).toBe("1 interval not known.");
  expect(plural("chart.gaps.interval", 0)).toBe("0 intervals not known.");
});

test("an unknown number is said to be unknown, never 0", () => {
  expect(energy(null)).toBe("not known");
  expect(energy(undefined)).toBe("not known");
  expect(energy(0)).toBe("0\u00a0Wh");
});

test("times and ages in words", () => {
  expect(moment(start, HARARE)).toBe("1 Aug 14:00");
  expect(daySpan({ start, end: start + 3_600 }, HARARE)).toBe("1 Aug 14:00–15:00");
  expect(age(125_000)).toBe("2 min");
  expect(age(3_600_000)).toBe("1 hour");
});

test("a range of days names one day once", () => {
  const midnight = Date.UTC(2016, 6, 31, 22) / 1000;
  expect(days(midnight, midnight + 86_400, HARARE)).toBe("Mon 1 Aug 2016");
  expect(days(midnight, midnight + 7 * 86_400, HARARE)).toBe("Mon 1 Aug 2016–Sun 7 Aug 2016");
});

test("money names its currency, and says when it is not known", () => {
  expect(money(857_280, "USD")).toBe("USD\u00a00.85");
  expect(money(null, "USD")).toBe("not known");
  expect(price(85_500, "USD")).toBe("USD\u00a00.0855 per kWh");
});

test("how long ago, or never", () => {
  expect(ago(7_245)).toBe("2 hours ago");
  expect(ago(0)).toBe("0 s ago");
  expect(ago(null)).toBeUndefined();
});

test("an age goes on while nothing new is heard", () => {
  expect(aged(50, 20_000)).toBe("1 min ago");
  expect(aged(50, undefined)).toBe("50 s ago");
  expect(aged(null, 20_000)).toBeUndefined();
});

test("reasons are in words; one that the page does not know stands as it is", () => {
  expect(reasonText("bad signature")).toBe("Not signed by the meter's key");
  expect(reasonText("queue full")).toBe("No room to store it");
  expect(reasonText("struck by lightning")).toBe("struck by lightning");
});
