import type { MeterTelemetry } from "../api/types";

/** How a meter's live values stand. `silent`: none ever arrived. */
export type Liveness = "live" | "stale" | "offline" | "silent";

export function livenessOf(state: MeterTelemetry | undefined): Liveness {
  if (state?.online === false) return "offline";
  if (state === undefined || state.arrived_at === null) return "silent";
  return state.fresh ? "live" : "stale";
}
