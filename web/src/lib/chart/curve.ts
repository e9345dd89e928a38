import type { TelemetrySeries } from "../api/types";

/** Curves of live values over time. */
export interface Point {
  time: number;
  value: number | null;
}

/** An SVG path through the points; it breaks where nothing was heard for longer than `gap` seconds. */
export function curveOf(
  points: readonly Point[],
  gap: number,
  x: (time: number) => number,
  y: (value: number) => number,
): string {
  let path = "";
  let last: number | undefined;
  for (const { time, value } of points) {
    if (value === null) {
      last = undefined;
      continue;
    }
    const joined = last !== undefined && time - last <= gap;
    const place = `${x(time).toFixed(1)} ${y(value).toFixed(1)}`;
    // A line to itself: a value alone is a dot where line ends are round.
    path += joined ? `L${place}` : `M${place}L${place}`;
    last = time;
  }
  return path;
}

/** The largest and the smallest of what is known; undefined where nothing is. */
export function extentOf(values: readonly (number | null)[]): { least: number; most: number } | undefined {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return undefined;
  return {
    least: known.reduce((a, b) => Math.min(a, b)),
    most: known.reduce((a, b) => Math.max(a, b)),
  };
}

/** The most that was heard, W, not the most of the means; undefined where nothing is known. */
export function peaksOf(items: TelemetrySeries["items"]): {
  generation: number | undefined;
  into: number | undefined;
  out: number | undefined;
} {
  const grid = extentOf(items.flatMap((each) => [each.power_min_w, each.power_max_w]));
  return {
    generation: extentOf(items.map((each) => each.generation_max_w))?.most,
    into: grid && Math.max(0, -grid.least),
    out: grid && Math.max(0, grid.most),
  };
}
