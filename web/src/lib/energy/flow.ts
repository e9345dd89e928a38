import type { Flow, Wh } from "../api/types";

/** What the homes themselves took up: all they generated and imported, less what left them. */
export function usedOf(flow: Flow): Wh {
  if (flow.generated_wh === null || flow.import_wh === null || flow.export_wh === null) return null;
  const used = flow.generated_wh + flow.import_wh - flow.export_wh;
  return used < 0 ? null : used;
}

/** Width of a drawn stream in px: in proportion to the largest, but never so thin that it cannot be seen. */
export function streamWidth(wh: Wh, largest: number, widest: number): number {
  if (wh === null || wh <= 0 || largest <= 0) return 0;
  return Math.max(2, Math.round((wh * widest) / largest));
}

export function largestOf(flow: Flow): number {
  return Math.max(flow.generated_wh ?? 0, flow.import_wh ?? 0, flow.export_wh ?? 0);
}
