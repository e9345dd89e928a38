import { grouped, type NumberSigns } from "./energy";

export interface Shown {
  /** Digits of the integer that stand behind the decimal sign: 2304 dV with 1 is 230.4 V. */
  places: number;
  /** Digits to show behind the decimal sign; at most `places`. */
  digits: number;
  /** What happens to the digits not shown: nearest (half away from zero), or cut off towards zero. */
  rounding?: "nearest" | "cut";
}

/** A whole number of some small unit as a decimal number of a larger one, by integer arithmetic alone. */
export function decimalText(value: number, signs: NumberSigns, shown: Shown): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`A whole number is expected, not ${value}`);
  const step = 10n ** BigInt(shown.places - shown.digits);
  const half = shown.rounding === "cut" ? 0n : step / 2n;
  const steps = (BigInt(Math.abs(value)) + half) / step;
  const unit = 10n ** BigInt(shown.digits);
  const fraction = shown.digits === 0 ? "" : signs.decimal + String(steps % unit).padStart(shown.digits, "0");
  return `${value < 0 && steps > 0n ? "−" : ""}${grouped(steps / unit, signs)}${fraction}`;
}
