/** The API's findings in words, and where on the pages to look. What needs attention is judged by the API. */
import type { Finding } from "../lib/api/types";
import { age, has, plural, t, type Key } from "../lib/i18n/text";

/** The number in a finding that its sentence counts. */
const COUNTED: Record<string, string> = {
  "indexer-behind": "blocks",
  "intervals-waiting": "waiting",
  mismatched: "intervals",
  "half-reported": "intervals",
  "data-sets-missing": "intervals",
  "node-not-signing": "nodes",
  "unknown-meters-refused": "readings",
  "meters-set-aside": "meters",
  disagreements: "disagreements",
  "homes-offline": "homes",
  "homes-silent": "homes",
  "homes-without-readings": "homes",
  "clock-refused": "messages",
};

/** The place of a finding on the admin's page, by the id of its heading. */
const PLACES: Record<string, string> = {
  "node-not-signing": "admin-nodes",
  "unknown-meters-refused": "admin-refusals",
  "meters-set-aside": "admin-disagreements",
  disagreements: "admin-disagreements",
  "homes-offline": "admin-homes",
  "homes-silent": "admin-homes",
  "homes-without-readings": "admin-homes",
};

/** On the overview every interval stands with its status. */
const OF_INTERVALS = ["report-old", "intervals-waiting", "mismatched", "half-reported", "data-sets-missing"];

export interface Place {
  /** The id of a heading on the admin's page; else it is on the overview. */
  here: string | undefined;
  href: string;
}

export function placeOf(finding: Finding): Place | undefined {
  const here = PLACES[finding.code];
  if (here !== undefined) return { here, href: "#/admin" };
  return OF_INTERVALS.includes(finding.code) ? { here: undefined, href: "#intervals" } : undefined;
}

/** A number as its sentence shows it: seconds as an age, what is not known as such. */
function shown(name: string, value: number | null): string | number {
  if (value === null) return t("energy.unknown");
  return name.endsWith("_seconds") ? age(value * 1_000) : value;
}

export function wordsOf({ code, numbers }: Finding): string {
  const stem = `finding.${code}`;
  const values = Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, shown(name, value)]),
  );
  const counted = COUNTED[code];
  const pluralStem = `${stem}.other`;
  if (counted !== undefined && has(pluralStem)) {
    const stemKey = pluralStem.slice(0, -".other".length) as Parameters<typeof plural>[0];
    return plural(stemKey, numbers[counted] ?? 0, values);
  }
  const never = `${stem}.never`;
  const key: Key | undefined =
    Object.values(numbers).includes(null) && has(never) ? never : has(stem) ? stem : undefined;
  return key === undefined ? t("finding.unknown", { code }) : t(key, values);
}
