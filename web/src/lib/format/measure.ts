/** Telemetry as text. It arrives in the small units of the protocol, as integers. */
import { decimalText } from "./decimal";
import { grouped, type NumberSigns, type Quantity } from "./energy";

/** 950 W, 1.25 kW, 12.5 kW: signed, as a meter at the grid connection sees it. */
export function powerOf(watt: number, signs: NumberSigns): Quantity {
  const magnitude = Math.abs(watt);
  if (magnitude < 1_000) return { value: `${watt < 0 ? "−" : ""}${grouped(magnitude, signs)}`, unit: "W" };
  const digits = magnitude < 9_995 ? 2 : 1;
  if (magnitude < 999_950) return { value: decimalText(watt, signs, { places: 3, digits }), unit: "kW" };
  return { value: decimalText(watt, signs, { places: 6, digits: 2 }), unit: "MW" };
}

export function voltageOf(decivolt: number, signs: NumberSigns): Quantity {
  return { value: decimalText(decivolt, signs, { places: 1, digits: 1 }), unit: "V" };
}

export function frequencyOf(millihertz: number, signs: NumberSigns): Quantity {
  return { value: decimalText(millihertz, signs, { places: 3, digits: 2 }), unit: "Hz" };
}

/** A power factor has no unit. */
export function powerFactorOf(permille: number, signs: NumberSigns): Quantity {
  return { value: decimalText(permille, signs, { places: 3, digits: 2 }), unit: "" };
}

export function temperatureOf(decicelsius: number, signs: NumberSigns): Quantity {
  return { value: decimalText(decicelsius, signs, { places: 1, digits: 1 }), unit: "°C" };
}

/** Parts of a thousand as per cent with one decimal: 333 -> "33.3". */
export function percentText(permille: number, signs: NumberSigns): string {
  return decimalText(permille, signs, { places: 1, digits: 1 });
}
