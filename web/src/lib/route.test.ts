import { expect, test } from "vitest";
import { homeOf, homePath } from "./route";

const METER = `0x${"0f".repeat(32)}`;

test("a home's path leads back to its meter", () => {
  expect(homeOf(homePath(METER))).toBe(METER);
});

test.each(["", "#homes", "#/home/", "#/home/0x12", `#/home/${METER}00`, "#/home/<script>"])(
  "%s names no home",
  (hash) => {
    expect(homeOf(hash)).toBeUndefined();
  },
);
