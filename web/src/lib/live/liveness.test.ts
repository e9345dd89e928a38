import { expect, test } from "vitest";
import type { MeterTelemetry } from "../api/types";
import { livenessOf } from "./liveness";

const heard: MeterTelemetry = {
  meter_id: "0xa",
  time: 1,
  arrived_at: 1,
  fresh: true,
  online: true,
  power_w: 1,
  generation_w: null,
  voltage_decivolt: null,
  frequency_millihertz: null,
  power_factor_permille: null,
  temperature_decicelsius: null,
};

test("values are live while they are fresh and the meter did not say it is offline", () => {
  expect(livenessOf(heard)).toBe("live");
  expect(livenessOf({ ...heard, online: null })).toBe("live");
  expect(livenessOf({ ...heard, fresh: false })).toBe("stale");
  expect(livenessOf({ ...heard, fresh: false, online: false })).toBe("offline");
});

test("a meter nobody heard of is silent, one that only said it is offline is offline", () => {
  expect(livenessOf(undefined)).toBe("silent");
  const mute = { ...heard, time: null, arrived_at: null, power_w: null, fresh: false };
  expect(livenessOf(mute)).toBe("silent");
  expect(livenessOf({ ...mute, online: false })).toBe("offline");
});
