import { describe, expect, test } from "vitest";
import { niceCeiling, slotsOf, summaryOf } from "./scale";

const item = (interval: number, generated_wh: number | null = 100) => ({
  interval,
  start: interval * 900,
  end: (interval + 1) * 900,
  generated_wh,
  import_wh: 7,
  export_wh: 3,
});

test.each([
  [0, 10],
  [10, 10],
  [11, 20],
  [24, 25],
  [26, 50],
  [51, 100],
  [17_500, 20_000],
  [20_001, 25_000],
])("an axis for %i Wh ends at %i", (wh, ceiling) => {
  expect(niceCeiling(wh)).toBe(ceiling);
});

describe("slots", () => {
  test("a gap between reports stays a gap with its own time", () => {
    const slots = slotsOf([item(10), item(13)], 24);
    expect(slots.map((slot) => [slot.interval, slot.flow !== undefined])).toEqual([
      [10, true],
      [11, false],
      [12, false],
      [13, true],
    ]);
    expect(slots[1]).toMatchObject({ start: 11 * 900, end: 12 * 900 });
  });

  test("a report whose readings are not known yet is a gap, not a zero", () => {
    const unknown = { ...item(11, null), import_wh: null, export_wh: null };
    const slots = slotsOf([item(10), unknown], 24);
    expect(slots.map((slot) => slot.flow !== undefined)).toEqual([true, false]);
    expect(summaryOf(slots).gaps).toBe(1);
  });

  test("only the newest are kept, in order, however the items come", () => {
    expect(slotsOf([item(12), item(10), item(11)], 2).map((slot) => slot.interval)).toEqual([11, 12]);
  });

  test("no items, no slots", () => {
    expect(slotsOf([], 24)).toEqual([]);
  });
});

describe("summary", () => {
  test("adds what is known, counts the gaps, finds the peak", () => {
    const summary = summaryOf(slotsOf([item(10, 50), item(12, 300), item(13, 20)], 24));
    expect(summary).toMatchObject({ slots: 4, gaps: 1, generated: 370, exported: 9, imported: 21 });
    expect(summary.peak).toMatchObject({ wh: 300, slot: { interval: 12 } });
  });

  test("a dark night has no peak", () => {
    expect(summaryOf(slotsOf([item(10, 0), item(11, 0)], 24)).peak).toBeUndefined();
  });
});
