import { expect, test } from "vitest";
import type { MeterTelemetry, TelemetrySums } from "../api/types";
import { LiveTelemetry } from "./telemetry.svelte";

const state = (arrived: number | null, power: number | null, fresh = true): MeterTelemetry => ({
  meter_id: "0xa",
  time: arrived,
  arrived_at: arrived,
  arrived_age_seconds: arrived === null ? null : 3,
  fresh,
  online: true,
  power_w: power,
  generation_w: null,
  voltage_decivolt: null,
  frequency_millihertz: null,
  power_factor_permille: null,
  temperature_decicelsius: null,
});
const sums = (power: number): TelemetrySums => ({
  meters: 1,
  heard: 1,
  fresh: 1,
  online: 1,
  offline: 0,
  power_w: power,
  generation_w: null,
  newest_at: 1,
  newest_arrived_age_seconds: 3,
});
const answer = (now: number, item: MeterTelemetry) => ({
  now,
  fresh_seconds: 60,
  community: sums(item.power_w ?? 0),
  items: [item],
  next_cursor: null,
});
const event = (now: number, item: MeterTelemetry) => ({
  now,
  community: sums(item.power_w ?? 0),
  items: [item],
  more: false,
});

test("events follow the full answer", () => {
  const live = new LiveTelemetry();
  live.take(answer(10, state(10, 100)));
  live.apply(event(11, state(11, 200)));
  expect(live.states.get("0xa")?.power_w).toBe(200);
  expect(live.community?.power_w).toBe(200);
  expect(live.now).toBe(11);
});

test("an answer that was under way while an event came does not undo it", () => {
  const live = new LiveTelemetry();
  live.apply(event(11, state(11, 200)));
  live.take(answer(10, state(10, 100)));
  expect(live.states.get("0xa")?.power_w).toBe(200);
  expect(live.community?.power_w).toBe(200);
});

test("a later answer says what no event did: that a meter fell silent", () => {
  const live = new LiveTelemetry();
  live.apply(event(11, state(11, 200)));
  live.take(answer(90, state(11, 200, false)));
  expect(live.states.get("0xa")?.fresh).toBe(false);
});

test("when a state arrived is told by this device's clock, whatever the API's says", () => {
  const live = new LiveTelemetry();
  const before = Date.now();
  live.apply(event(11, state(11, 200)));
  for (const at of [live.states.get("0xa")?.heardAt, live.newestHeardAt]) {
    expect(at).toBeGreaterThanOrEqual(before - 3_000);
    expect(at).toBeLessThanOrEqual(Date.now() - 3_000);
  }
});
