import { expect, test } from "vitest";
import { ApiProblem, pathOf } from "./client";

test("a question leaves out what is not asked", () => {
  expect(pathOf("/v1/meters")).toBe("/v1/meters");
  expect(pathOf("/v1/meters", { limit: 10, cursor: null })).toBe("/v1/meters?limit=10");
  expect(pathOf("/v1/meters", { from_interval: 0, cursor: "a b&c" })).toBe(
    "/v1/meters?from_interval=0&cursor=a+b%26c",
  );
});

test("a problem says what the API said", () => {
  expect(new ApiProblem(503, "the indexer is 40 blocks behind").message).toBe(
    "The API answered 503: the indexer is 40 blocks behind",
  );
});
