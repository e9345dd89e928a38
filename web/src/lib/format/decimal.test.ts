import { expect, test } from "vitest";
import { decimalText } from "./decimal";
import { powerFactorOf, powerOf, frequencyOf, percentText, temperatureOf, voltageOf } from "./measure";
import { amountText, exactText } from "./money";

const SIGNS = { decimal: ".", group: "," };

test.each([
  [2304, 1, 1, "230.4"],
  [49_985, 3, 2, "49.99"],
  [49_984, 3, 2, "49.98"],
  [1_234_567, 3, 0, "1,235"],
  [0, 3, 2, "0.00"],
  [-4, 3, 2, "0.00"],
  [-5, 3, 2, "−0.01"],
])("%i with %i places shows %i digits: %s", (value, places, digits, text) => {
  expect(decimalText(value, SIGNS, { places, digits })).toBe(text);
});

test("what is no whole number is refused, not shown", () => {
  expect(() => decimalText(0.5, SIGNS, { places: 3, digits: 2 })).toThrow(RangeError);
  expect(() => amountText(Number.MAX_SAFE_INTEGER + 1, SIGNS)).toThrow(RangeError);
});

test.each([
  [0, "0.00"],
  [10_000, "0.01"],
  [19_999, "0.01"],
  [1_999_999, "1.99"],
  [-1_999_999, "−1.99"],
  [1_234_567_890_123, "1,234,567.89"],
  [Number.MAX_SAFE_INTEGER, "9,007,199,254.74"],
])("%i micro-units are %s: money is cut, never rounded up", (micro, text) => {
  expect(amountText(micro, SIGNS)).toBe(text);
});

test.each([
  [1, "0.000001"],
  [9_999, "0.0099"],
  [-1_520, "−0.0015"],
  [100, "0.0001"],
  [-50, "−0.00005"],
])("%i micro-units, less than a cent, never read as nothing: %s", (micro, text) => {
  expect(amountText(micro, SIGNS)).toBe(text);
});

test.each([
  [80_000, "0.08"],
  [85_500, "0.0855"],
  [100_000, "0.10"],
  [1_000_000, "1.00"],
  [1_000_001, "1.000001"],
  [0, "0.00"],
])("a price of %i micro-units is %s exactly", (micro, text) => {
  expect(exactText(micro, SIGNS)).toBe(text);
});

test.each([
  [0, "0 W"],
  [-999, "−999 W"],
  [1_000, "1.00 kW"],
  [9_994, "9.99 kW"],
  [9_995, "10.0 kW"],
  [-12_345, "−12.3 kW"],
  [999_949, "999.9 kW"],
  [999_950, "1.00 MW"],
])("%i W is %s", (watt, text) => {
  const { value, unit } = powerOf(watt, SIGNS);
  expect(`${value} ${unit}`).toBe(text);
});

test("the small units of a meter", () => {
  expect(voltageOf(2297, SIGNS)).toEqual({ value: "229.7", unit: "V" });
  expect(frequencyOf(50_012, SIGNS)).toEqual({ value: "50.01", unit: "Hz" });
  expect(powerFactorOf(-985, SIGNS)).toEqual({ value: "−0.99", unit: "" });
  expect(temperatureOf(-25, SIGNS)).toEqual({ value: "−2.5", unit: "°C" });
  expect(percentText(333, SIGNS)).toBe("33.3");
  expect(percentText(1000, SIGNS)).toBe("100.0");
});
