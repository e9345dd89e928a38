import { describe, expect, test } from "vitest";
import { axisText, energyText, grouped, percentOf, quantityOf } from "./energy";

const plain = (wh: number): string => energyText(wh).replace("\u00a0", " ");

describe("energy as text", () => {
  test.each([
    [0, "0 Wh"],
    [1, "1 Wh"],
    [999, "999 Wh"],
    [1_000, "1.00 kWh"],
    [1_004, "1.00 kWh"],
    [1_005, "1.01 kWh"],
    [12_345, "12.35 kWh"],
    [99_994, "99.99 kWh"],
    [99_995, "100.0 kWh"],
    [100_000, "100.0 kWh"],
    [1_234_549, "1,234.5 kWh"],
    [1_234_550, "1,234.6 kWh"],
    [9_999_949, "9,999.9 kWh"],
    [9_999_950, "10.00 MWh"],
    [10_000_000, "10.00 MWh"],
    [999_994_999, "999.99 MWh"],
    [999_995_000, "1,000.0 MWh"],
    [9_999_950_000, "10.00 GWh"],
    [12_345_678_901, "12.35 GWh"],
    [Number.MAX_SAFE_INTEGER, "9,007,199.25 GWh"],
  ])("%i Wh reads %s", (wh, text) => {
    expect(plain(wh)).toBe(text);
  });

  test("a falling number keeps its sign, and a rounded nothing has none", () => {
    expect(plain(-12_345)).toBe("−12.35 kWh");
    expect(plain(-1)).toBe("−1 Wh");
    expect(plain(-0)).toBe("0 Wh");
  });

  test("the text is never further from the register than half its last digit", () => {
    for (let wh = 1; wh < 20_000_000; wh = wh * 3 + 7) {
      const { value, unit } = quantityOf(wh);
      const size = { Wh: 1, kWh: 1_000, MWh: 1_000_000, GWh: 1_000_000_000 }[unit] ?? NaN;
      const decimals = value.split(".")[1]?.length ?? 0;
      const shown = Math.round(Number(value.replaceAll(",", "")) * 10 ** decimals) * (size / 10 ** decimals);
      expect(Math.abs(shown - wh)).toBeLessThanOrEqual(size / 10 ** decimals / 2);
    }
  });

  test("a language's own signs are used", () => {
    expect(energyText(1_234_550, { decimal: ",", group: " " })).toBe("1 234,6\u00a0kWh");
  });

  test("what is no whole number of Wh is refused, not rounded", () => {
    expect(() => quantityOf(0.5)).toThrow("whole number of Wh");
    expect(() => quantityOf(Number.NaN)).toThrow(RangeError);
    expect(() => quantityOf(2 ** 53)).toThrow(RangeError);
  });

  test("an axis leaves out the zeros behind the decimal sign", () => {
    expect(axisText(20_000)).toBe("20\u00a0kWh");
    expect(axisText(2_500)).toBe("2.5\u00a0kWh");
    expect(axisText(500)).toBe("500\u00a0Wh");
    expect(axisText(1_000_000)).toBe("1,000\u00a0kWh");
  });
});

test("digits are grouped in threes", () => {
  expect(grouped(12)).toBe("12");
  expect(grouped(1_234_567)).toBe("1,234,567");
  expect(grouped(10n ** 18n)).toBe("1,000,000,000,000,000,000");
});

describe("share", () => {
  test("is cut off, so that 100 % means all of it", () => {
    expect(percentOf(999, 1_000)).toBe(99);
    expect(percentOf(1_000, 1_000)).toBe(100);
    expect(percentOf(0, 1_000)).toBe(0);
  });

  test("is unknown where there is nothing to share or a part is unknown", () => {
    expect(percentOf(0, 0)).toBeNull();
    expect(percentOf(null, 5)).toBeNull();
    expect(percentOf(5, null)).toBeNull();
  });
});
