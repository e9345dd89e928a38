import { expect, test } from "vitest";
import { ADMIN, homePath, OVERVIEW, producerPath, PRODUCERS, routeOf, samePage } from "./route";

const METER = `0x${"0f".repeat(32)}`;
const ACCOUNT = `0x${"a1".repeat(20)}`;

test("a path leads back to what it was made from", () => {
  expect(routeOf(homePath(METER))).toEqual({ page: "overview", home: METER });
  expect(routeOf(producerPath(METER))).toEqual({ page: "producer", id: METER });
  expect(routeOf(producerPath(ACCOUNT))).toEqual({ page: "producer", id: ACCOUNT });
  expect(routeOf(PRODUCERS)).toEqual({ page: "producer", id: undefined });
  expect(routeOf(ADMIN)).toEqual({ page: "admin" });
});

test.each(["", "#", "#homes", "#now", OVERVIEW])("%s is the overview without a home", (hash) => {
  expect(routeOf(hash)).toEqual({ page: "overview", home: undefined });
});

test.each([
  "#/home/",
  "#/home/0x12",
  `#/home/${METER}00`,
  "#/home/<script>",
  "#/producer/",
  "#/producer/0x12",
  "#/admins",
  "#/admin/",
])("%s is no page", (hash) => {
  expect(routeOf(hash)).toEqual({ page: "unknown" });
});

test("an address pasted in its mixed-case form finds its producer", () => {
  expect(routeOf(producerPath(ACCOUNT.toUpperCase().replace("0X", "0x")))).toEqual({
    page: "producer",
    id: ACCOUNT,
  });
});

test("a home is no page of its own, a producer is", () => {
  const [home, overview] = [routeOf(homePath(METER)), routeOf(OVERVIEW)];
  expect(samePage(home, overview)).toBe(true);
  expect(samePage(routeOf(producerPath(METER)), routeOf(producerPath(METER)))).toBe(true);
  expect(samePage(routeOf(producerPath(METER)), routeOf(PRODUCERS))).toBe(false);
  expect(samePage(routeOf(ADMIN), overview)).toBe(false);
});
