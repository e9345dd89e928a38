import type { Flow, MeterProduction, Span } from "../api/types";

/**
 * The buckets of a range as bars, one after the other. Those before the first and after the newest known one are left
 * out: what is still to come is no gap.
 */
export function barsOf(buckets: readonly MeterProduction[]): (Span & Flow)[] {
  const known = buckets.map((bucket) => bucket.intervals > 0);
  const first = known.indexOf(true);
  if (first < 0) return [];
  return buckets
    .slice(first, known.lastIndexOf(true) + 1)
    .map(({ start, end, generated_wh, import_wh, export_wh }, interval) => ({
      interval,
      start,
      end,
      generated_wh,
      import_wh,
      export_wh,
    }));
}
