import type { Flow, MeterProduction, Span } from "../api/types";

/**
 * The buckets of a range as bars, one after the other. Those before the first and after the newest known one are left
 * out: what is still to come is no gap. What a reading after a gap brought is known without an interval of its own.
 */
export function barsOf(buckets: readonly MeterProduction[]): (Span & Flow)[] {
  const known = buckets.map(
    (bucket) => bucket.generated_wh !== null || bucket.import_wh !== null || bucket.export_wh !== null,
  );
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
