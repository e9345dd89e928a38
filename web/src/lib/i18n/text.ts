import { energyText, type NumberSigns } from "../format/energy";
import { amountText, exactText } from "../format/money";
import { ageOf, clockText, zoned, type ZonedTime } from "../format/time";
import english from "./en.json";

export type Key = keyof typeof english;
export type Catalogue = Record<Key, string>;
type Values = Record<string, string | number>;

type PluralStem = Extract<Key, `${string}.one`> extends `${infer Stem}.one` ? Stem : never;

// One language is complete today; another is one more JSON file with the same keys.
const catalogue: Catalogue = english;

export function has(key: string): key is Key {
  return Object.hasOwn(catalogue, key);
}

/** The text of a key with its {placeholders} filled. */
export function t(key: Key, values: Values = {}): string {
  return catalogue[key].replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : String(value);
  });
}

/** English, Shona and Ndebele all know exactly these two classes, and not every browser's Intl knows the latter. */
export function plural(stem: PluralStem, count: number, values: Values = {}): string {
  return t(`${stem}.${count === 1 ? "one" : "other"}`, { ...values, count });
}

export const signs: NumberSigns = { decimal: t("number.decimal"), group: t("number.group") };

export function energy(wh: number | null | undefined): string {
  return wh === null || wh === undefined ? t("energy.unknown") : energyText(wh, signs);
}

/** "USD 12.34"; an amount that is not known is said to be so, never 0. */
export function money(micro: number | null | undefined, currency: string): string {
  if (micro === null || micro === undefined) return t("energy.unknown");
  return t("money.text", { currency, amount: amountText(micro, signs) });
}

/** "USD 0.0855 per kWh", all digits. */
export function price(microPerKwh: number, currency: string): string {
  return t("money.perKwh", { price: t("money.text", { currency, amount: exactText(microPerKwh, signs) }) });
}

/** "5 min ago", of an age in whole seconds; undefined where nothing was ever heard. */
export function ago(seconds: number | null | undefined): string | undefined {
  return seconds === null || seconds === undefined ? undefined : t("age.ago", { age: age(seconds * 1000) });
}

/** The same of an age that an answer said, which goes on, ms, since the answer was confirmed. */
export function aged(seconds: number | null | undefined, since: number | undefined): string | undefined {
  return seconds === null || seconds === undefined ? undefined : ago(seconds + (since ?? 0) / 1000);
}

export function age(ms: number): string {
  const { count, unit } = ageOf(ms);
  return plural(`age.${unit}`, count);
}

function nameOf(prefix: "weekday" | "month", index: number): string {
  const key = `${prefix}.${index}`;
  return has(key) ? t(key) : String(index);
}

function dayValues(time: ZonedTime): Values {
  return {
    weekday: nameOf("weekday", time.weekday),
    day: time.day,
    month: nameOf("month", time.month),
    year: time.year,
  };
}

export function clock(unix: number, zone: string): string {
  return clockText(zoned(unix, zone));
}

export function day(unix: number, zone: string): string {
  return t("day.text", dayValues(zoned(unix, zone)));
}

/** "Mon 1 Aug 2016", or "Mon 1 Aug 2016–Sun 7 Aug 2016": the days from `from` up to, not with, `to`. */
export function days(from: number, to: number, zone: string): string {
  const [first, last] = [day(from, zone), day(to - 1, zone)];
  return first === last ? first : t("span.text", { start: first, end: last });
}

/** "1 Aug". */
export function shortDay(unix: number, zone: string): string {
  return t("day.short", dayValues(zoned(unix, zone)));
}

/** "1 Aug 14:00". */
export function moment(unix: number, zone: string): string {
  const time = zoned(unix, zone);
  return `${shortDay(unix, zone)} ${clockText(time)}`;
}

/** "14:00–15:00". */
export function span(interval: { start: number; end: number }, zone: string): string {
  return t("span.text", { start: clock(interval.start, zone), end: clock(interval.end, zone) });
}

/** "1 Aug 14:00–15:00". */
export function daySpan(interval: { start: number; end: number }, zone: string): string {
  return t("span.text", { start: moment(interval.start, zone), end: clock(interval.end, zone) });
}

export function sourceName(source: string): string {
  const key = `source.${source}`;
  return has(key) ? t(key) : source;
}

/** Why a reading or a live value was not taken; a reason that this page does not know stands as the API says it. */
export function reasonText(reason: string): string {
  const key = `reason.${reason.replaceAll(" ", "-")}`;
  return has(key) ? t(key) : reason;
}

/** The time of a machine's clock, not the community's: "2026-09-21 14:13 UTC". */
export function machineTime(unix: number): string {
  return t("machine.time", { time: new Date(unix * 1000).toISOString().replace("T", " ").slice(0, 16) });
}

/** "1 Aug 14:00–15:00" of an interval by its number; the number where its length is not known yet. */
export function intervalSpan(interval: number, seconds: number | undefined, zone: string): string {
  if (seconds === undefined) return String(interval);
  return daySpan({ start: interval * seconds, end: (interval + 1) * seconds }, zone);
}
