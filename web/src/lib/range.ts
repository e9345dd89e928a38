/** The ranges of days a person can choose, counted in the community's zone back from its newest day. */
import type { Between, Bucket } from "./api/types";
import { midnightBefore } from "./format/time";

export const RANGES = ["today", "week", "month"] as const;
export type Range = (typeof RANGES)[number];

const DAYS: Record<Range, number> = { today: 1, week: 7, month: 30 };

/** The newest day and those before it that belong to the range. */
export function betweenOf(range: Range, dayStart: number, zone: string): Between {
  return {
    from: midnightBefore(dayStart, DAYS[range] - 1, zone),
    to: midnightBefore(dayStart, -1, zone),
  };
}

/** What one bar of the range stands for. */
export function bucketOf(range: Range): Bucket {
  return range === "today" ? "hour" : "day";
}
