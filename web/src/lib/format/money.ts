/** Money as text: integer micro-units (1e-6) of one currency, never a float. */
import { decimalText } from "./decimal";
import type { NumberSigns } from "./energy";

const PLACES = 6;
const CENTS = 2;
const CENT = 10_000;
const SMALL = 4;
const SMALLEST = 100;

/**
 * An amount with two decimals, cut off and not rounded up: nobody is promised more than there is. What is less than
 * a cent shows more of them, because 0.00 would read as nothing.
 */
export function amountText(micro: number, signs: NumberSigns): string {
  const magnitude = Math.abs(micro);
  if (micro !== 0 && magnitude < SMALLEST) return exactText(micro, signs);
  const digits = micro !== 0 && magnitude < CENT ? SMALL : CENTS;
  return decimalText(micro, signs, { places: PLACES, digits, rounding: "cut" });
}

/** Every digit there is, at least two decimals: prices per kWh are often parts of a cent. */
export function exactText(micro: number, signs: NumberSigns): string {
  const full = decimalText(micro, signs, { places: PLACES, digits: PLACES });
  const kept = full.length - (PLACES - CENTS);
  return full.slice(0, kept) + full.slice(kept).replace(/0+$/, "");
}
