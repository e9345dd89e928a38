import { expect, test } from "vitest";
import { ageOfState, livenessOf } from "./liveness";
import type { HeardState } from "./telemetry.svelte";

const NOW = 1_000_000;
const heard: HeardState = {
  heardAt: NOW - 5_000,
  arrived_age_seconds: 5,
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
  expect(livenessOf(heard, NOW)).toBe("live");
  expect(livenessOf({ ...heard, online: null }, NOW)).toBe("live");
  expect(livenessOf({ ...heard, fresh: false }, NOW)).toBe("stale");
  expect(livenessOf({ ...heard, fresh: false, online: false }, NOW)).toBe("offline");
});

test("a meter nobody heard of is silent, one that only said it is offline is offline", () => {
  expect(livenessOf(undefined, NOW)).toBe("silent");
  const mute = { ...heard, time: null, arrived_at: null, power_w: null, fresh: false };
  expect(livenessOf(mute, NOW)).toBe("silent");
  expect(livenessOf({ ...mute, online: false }, NOW)).toBe("offline");
});

test("what was fresh once grows old by real time, whatever the community's clock does", () => {
  expect(ageOfState(heard, NOW)).toBe(5_000);
  expect(livenessOf(heard, NOW + 60_000)).toBe("live");
  expect(livenessOf(heard, NOW + 600_000)).toBe("stale");
  expect(ageOfState(heard, NOW + 600_000)).toBe(605_000);
});

test("values that a broker had kept are neither live nor missing, and their age is not known", () => {
  const kept = { ...heard, arrived_at: null, heardAt: null, fresh: false };
  expect(livenessOf(kept, NOW)).toBe("stale");
  expect(ageOfState(kept, NOW)).toBeUndefined();
});
