import { expect, test } from "vitest";
import type { Finding } from "../lib/api/types";
import { placeOf, wordsOf } from "./attention";

const finding = (code: string, numbers: Finding["numbers"] = {}): Finding => ({
  code,
  severity: "warning",
  subjects: [],
  numbers,
});

/** Every code of the API's description, with numbers of its own. */
const ALL: Finding[] = [
  finding("indexer-silent", { silence_seconds: 125, limit: 30 }),
  finding("indexer-behind", { blocks: 12, limit: 10 }),
  finding("report-old", { age_seconds: 7_300, limit: 3_600 }),
  finding("intervals-waiting", { waiting: 9, limit: 4 }),
  finding("mismatched", { intervals: 1 }),
  finding("half-reported", { intervals: 2 }),
  finding("data-sets-missing", { intervals: 3 }),
  finding("node-not-signing", { nodes: 1, most_missed: 12, limit: 6 }),
  finding("unknown-meters-refused", { readings: 7, recent_seconds: 3_600 }),
  finding("meters-set-aside", { meters: 1 }),
  finding("disagreements", { disagreements: 2, recent_seconds: 3_600 }),
  finding("homes-offline", { homes: 1, total: 20 }),
  finding("homes-silent", { homes: 2, longest_seconds: 300, limit: 60 }),
  finding("homes-without-readings", { homes: 2, never: 1, limit: 4 }),
  finding("telemetry-silent", { silence_seconds: 61, limit: 30 }),
  finding("clock-stale", { age_seconds: 601, limit: 300 }),
  finding("clock-refused", { messages: 1 }),
  finding("paused"),
];

test.each(ALL.map((each) => [each.code, each] as const))("%s is said in words", (code, each) => {
  const words = wordsOf(each);
  expect(words).not.toBe(code);
  expect(words).not.toMatch(/[{}]/);
});

test("numbers and times stand in the sentence", () => {
  expect(ALL.map(wordsOf).slice(0, 3)).toEqual([
    "The indexer has been silent for 2 min: nothing new of the chain is shown",
    "The indexer is 12 blocks behind the chain",
    "No interval has been reported for 2 hours",
  ]);
  expect(wordsOf(finding("node-not-signing", { nodes: 1, most_missed: 12 }))).toBe(
    "1 oracle node does not sign: it missed 12 intervals",
  );
  expect(wordsOf(finding("homes-offline", { homes: 1, total: 20 }))).toBe("1 of 20 homes is offline");
});

test("what was never heard of is not 0 s old", () => {
  expect(wordsOf(finding("telemetry-silent", { silence_seconds: null, limit: 30 }))).toBe(
    "The telemetry service has never run",
  );
  expect(wordsOf(finding("indexer-silent", { silence_seconds: null, limit: 30 }))).toMatch(/never/);
});

test("a code that the page does not know yet is still shown", () => {
  expect(wordsOf(finding("roof-on-fire", { homes: 1 }))).toBe("roof-on-fire");
});

test("a finding leads to where it is", () => {
  expect(placeOf(finding("node-not-signing"))).toEqual({ here: "admin-nodes", href: "#/admin" });
  expect(placeOf(finding("mismatched"))).toEqual({ here: undefined, href: "#intervals" });
  expect(placeOf(finding("paused"))).toBeUndefined();
});
