import { expect, test } from "vitest";
import { largestOf, streamWidth, usedOf } from "./flow";

test("what the homes used, with what they exported, is all they generated and imported", () => {
  for (let generated_wh = 0; generated_wh < 5_000; generated_wh += 617)
    for (let import_wh = 0; import_wh < 2_000; import_wh += 331)
      for (let export_wh = 0; export_wh <= generated_wh; export_wh += 449) {
        const used = usedOf({ generated_wh, import_wh, export_wh });
        expect((used ?? NaN) + export_wh).toBe(generated_wh + import_wh);
      }
});

test("use is unknown where a part is unknown or the parts do not fit", () => {
  expect(usedOf({ generated_wh: null, import_wh: 1, export_wh: 0 })).toBeNull();
  expect(usedOf({ generated_wh: 1, import_wh: null, export_wh: 0 })).toBeNull();
  expect(usedOf({ generated_wh: 1, import_wh: 0, export_wh: 5 })).toBeNull();
});

test("streams are in proportion, a small one stays visible, nothing draws nothing", () => {
  const flow = { generated_wh: 10_000, import_wh: 5, export_wh: 5_000 };
  const largest = largestOf(flow);
  expect(streamWidth(flow.generated_wh, largest, 16)).toBe(16);
  expect(streamWidth(flow.export_wh, largest, 16)).toBe(8);
  expect(streamWidth(flow.import_wh, largest, 16)).toBe(2);
  expect(streamWidth(0, largest, 16)).toBe(0);
  expect(streamWidth(null, largest, 16)).toBe(0);
  expect(streamWidth(0, 0, 16)).toBe(0);
});
