/** Energy as text. Integers all the way: the only division is the integer one that splits the digits. */

export interface NumberSigns {
  decimal: string;
  group: string;
}

const ENGLISH: NumberSigns = { decimal: ".", group: "," };

/** Digits in groups of three: 1234567 -> 1,234,567. */
export function grouped(whole: number | bigint, signs: NumberSigns = ENGLISH): string {
  return String(whole).replace(/\B(?=(\d{3})+(?!\d))/g, signs.group);
}

interface Scale {
  unit: "Wh" | "kWh" | "MWh" | "GWh";
  /** Wh in one unit. */
  size: bigint;
  decimals: number;
  /** Magnitudes that round to this many Wh or more take the next scale. */
  below: bigint;
}

const SCALES: readonly Scale[] = [
  { unit: "Wh", size: 1n, decimals: 0, below: 1_000n },
  { unit: "kWh", size: 1_000n, decimals: 2, below: 100_000n },
  { unit: "kWh", size: 1_000n, decimals: 1, below: 10_000_000n },
  { unit: "MWh", size: 1_000_000n, decimals: 2, below: 1_000_000_000n },
  { unit: "MWh", size: 1_000_000n, decimals: 1, below: 10_000_000_000n },
];
const LARGEST: Scale = { unit: "GWh", size: 1_000_000_000n, decimals: 2, below: 0n };

export interface Quantity {
  value: string;
  unit: string;
}

/** Rounds half away from zero to the scale's decimals; 12 345 Wh -> 12.35 kWh. */
export function quantityOf(wh: number, signs: NumberSigns = ENGLISH): Quantity {
  if (!Number.isSafeInteger(wh)) throw new RangeError(`Energy is a whole number of Wh, not ${wh}`);
  const negative = wh < 0;
  const magnitude = BigInt(Math.abs(wh));
  const stepOf = (scale: Scale): bigint => scale.size / 10n ** BigInt(scale.decimals);
  const rounded = (scale: Scale): bigint => (magnitude + stepOf(scale) / 2n) / stepOf(scale);
  const scale = SCALES.find((each) => rounded(each) * stepOf(each) < each.below) ?? LARGEST;
  const steps = rounded(scale);
  const perUnit = 10n ** BigInt(scale.decimals);
  const whole = grouped(steps / perUnit, signs);
  const fraction =
    scale.decimals === 0 ? "" : signs.decimal + String(steps % perUnit).padStart(scale.decimals, "0");
  return { value: `${negative && steps > 0n ? "−" : ""}${whole}${fraction}`, unit: scale.unit };
}

/** "12.35 kWh", with a no-break space. */
export function energyText(wh: number, signs: NumberSigns = ENGLISH): string {
  const { value, unit } = quantityOf(wh, signs);
  return `${value}\u00a0${unit}`;
}

/** A round number at an axis: like energyText, without the zeros behind the decimal sign. */
export function axisText(wh: number, signs: NumberSigns = ENGLISH): string {
  const { value, unit } = quantityOf(wh, signs);
  const [whole = "", fraction = ""] = value.split(signs.decimal);
  const kept = fraction.replace(/0+$/, "");
  return `${whole}${kept === "" ? "" : signs.decimal + kept}\u00a0${unit}`;
}

/** Whole per cent of part in whole, cut off, so that 100 % means all of it; null where there is nothing to share. */
export function percentOf(part: number | null, whole: number | null): number | null {
  if (part === null || whole === null || whole <= 0 || part < 0) return null;
  return Number((BigInt(part) * 100n) / BigInt(whole));
}
