import { expect, test } from "vitest";
import english from "./en.json";
import { age, daySpan, energy, moment, plural, t } from "./text";

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
  expect(plural("chart.gaps", 1)).toBe("1 interval not known.");
  expect(plural("chart.gaps", 0)).toBe("0 intervals not known.");
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
