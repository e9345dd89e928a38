import type { Flow, Span } from "../api/types";

/** The smallest 1, 2, 2.5 or 5 times a power of ten that is at least `wh`; at least 10 Wh. */
export function niceCeiling(wh: number): number {
  let power = 10;
  for (;;) {
    for (const step of [power, 2 * power, (5 * power) / 2, 5 * power]) if (step >= wh) return step;
    power *= 10;
  }
}

export interface Slot extends Span {
  /** Undefined where nothing is known of the interval: a gap is drawn as a gap. */
  flow: Flow | undefined;
}

function knownOf(flow: Flow | undefined): Flow | undefined {
  const known = flow && [flow.generated_wh, flow.import_wh, flow.export_wh].some((wh) => wh !== null);
  return known ? flow : undefined;
}

/** The last `count` intervals up to the newest item, with the gaps between them kept. */
export function slotsOf<Item extends Span & Flow>(items: readonly Item[], count: number): Slot[] {
  const newest = items.reduce<Item | undefined>(
    (a, b) => (a === undefined || b.interval > a.interval ? b : a),
    undefined,
  );
  if (newest === undefined) return [];
  const oldest = items.reduce((least, item) => Math.min(least, item.interval), newest.interval);
  const length = newest.end - newest.start;
  const byInterval = new Map(items.map((item) => [item.interval, item]));
  const first = Math.max(oldest, newest.interval - count + 1);
  return Array.from({ length: newest.interval - first + 1 }, (_, index) => {
    const interval = first + index;
    const item = byInterval.get(interval);
    const start = item?.start ?? newest.start - (newest.interval - interval) * length;
    return { interval, start, end: item?.end ?? start + length, flow: knownOf(item) };
  });
}

export interface Summary {
  slots: number;
  gaps: number;
  generated: number;
  exported: number;
  imported: number;
  peak: { slot: Slot; wh: number } | undefined;
}

export function summaryOf(slots: readonly Slot[]): Summary {
  const sum = (pick: (flow: Flow) => number | null): number =>
    slots.reduce((total, slot) => total + (slot.flow === undefined ? 0 : (pick(slot.flow) ?? 0)), 0);
  let peak: Summary["peak"];
  for (const slot of slots) {
    const wh = slot.flow?.generated_wh ?? 0;
    if (wh > (peak?.wh ?? 0)) peak = { slot, wh };
  }
  return {
    slots: slots.length,
    gaps: slots.filter((slot) => slot.flow === undefined).length,
    generated: sum((flow) => flow.generated_wh),
    exported: sum((flow) => flow.export_wh),
    imported: sum((flow) => flow.import_wh),
    peak,
  };
}
