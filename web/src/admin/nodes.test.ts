import { expect, test } from "vitest";
import { nodeStateOf } from "./nodes";

const node = {
  address: "0xa1",
  position: 0,
  active: true,
  possible: 200,
  signed: 134,
  signed_permille: 670,
  last_signed_interval: 90,
  missed_intervals: 0,
  silent: false,
};

test("a node that signed most of the window and then died does not sign", () => {
  expect(nodeStateOf(node)).toBe("signs");
  expect(nodeStateOf({ ...node, missed_intervals: 12, silent: true })).toBe("silent");
});

test("a node that just came has nothing to sign yet, one that went is a former one", () => {
  expect(nodeStateOf({ ...node, possible: 0, signed: 0, signed_permille: null })).toBe("new");
  expect(nodeStateOf({ ...node, active: false, silent: true })).toBe("former");
});
