import type {
  AdminNodes,
  AdminOverview,
  Between,
  Bucket,
  Certificate,
  Community,
  CommunityProduction,
  Interval,
  Meter,
  MeterProduction,
  Mint,
  NodeDisagreements,
  NodeRefusals,
  Page,
  Payouts,
  Telemetry,
  TelemetrySeries,
} from "./types";

/** The API answered, and what it said is a problem (RFC 9457). */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  constructor(
    readonly status: number,
    readonly detail: string,
  ) {
    super(`The API answered ${status}: ${detail}`);
  }
}

/** Nobody answered: no network, no server, or no answer in time. */
export class ApiUnreachable extends Error {
  override readonly name = "ApiUnreachable";
}

const ANSWER_WITHIN_MS = 10_000;

type Query = Readonly<Record<string, string | number | null | undefined>>;

export function pathOf(path: string, query: Query = {}): string {
  const set = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const search = new URLSearchParams(set.map(([key, value]) => [key, String(value)])).toString();
  return search === "" ? path : `${path}?${search}`;
}

async function problemOf(response: Response): Promise<ApiProblem> {
  let detail = response.statusText || "no reason given";
  try {
    const body: unknown = await response.json();
    if (typeof body === "object" && body !== null) {
      const said = body as { detail?: unknown; title?: unknown };
      if (typeof said.detail === "string") detail = said.detail;
      else if (typeof said.title === "string") detail = said.title;
    }
  } catch {
    // A problem without a JSON body: the status line is all there is.
  }
  return new ApiProblem(response.status, detail);
}

async function get<T>(path: string, query?: Query): Promise<T> {
  let response: Response;
  try {
    // no-cache: the browser revalidates by ETag, so unchanged data costs a 304 without a body.
    response = await fetch(pathOf(path, query), {
      cache: "no-cache",
      headers: { accept: "application/json" },
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
  } catch (cause) {
    throw new ApiUnreachable(`No answer from ${path}`, { cause });
  }
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as T;
}

/** Follows cursors until `count` items are there or the API has no more. */
async function gather<Item>(
  path: string,
  count: number,
  pageSize: number,
  query?: Query,
): Promise<Page<Item>> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Item> = await get(path, {
      ...query,
      limit: Math.min(pageSize, count - items.length),
      cursor,
    });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null && items.length < count);
  return { items, next_cursor: cursor };
}

const PAGE_SIZE = 100;

export const api = {
  community: (): Promise<Community> => get("/v1/community"),
  meters: (count: number): Promise<Page<Meter>> => gather("/v1/meters", count, PAGE_SIZE),
  meter: (id: string): Promise<Meter> => get(`/v1/meters/${encodeURIComponent(id)}`),
  meterProduction: (id: string, fromInterval: number, count: number): Promise<Page<MeterProduction>> =>
    gather(`/v1/meters/${encodeURIComponent(id)}/production`, count, PAGE_SIZE, {
      from_interval: fromInterval,
    }),
  production: (): Promise<{ items: CommunityProduction[] }> => get("/v1/production"),
  intervals: (count: number): Promise<Page<Interval>> => gather("/v1/intervals", count, PAGE_SIZE),
  certificates: (): Promise<{ items: Certificate[] }> => get("/v1/certificates"),
  mints: (meterId: string, count: number): Promise<Page<Mint>> =>
    gather("/v1/certificates/mints", count, PAGE_SIZE, { meter_id: meterId }),
  payouts: (between: Between | undefined, account?: string): Promise<Payouts> =>
    get("/v1/payouts", { ...between, account }),
  meterBuckets: (id: string, bucket: Bucket, between: Between): Promise<{ items: MeterProduction[] }> =>
    get(`/v1/meters/${encodeURIComponent(id)}/production`, { bucket, ...between }),
  telemetry: (): Promise<Telemetry> => get("/v1/telemetry", { limit: 1_000 }),
  meterTelemetry: (id: string): Promise<TelemetrySeries> =>
    get(`/v1/meters/${encodeURIComponent(id)}/telemetry`),
  adminOverview: (): Promise<AdminOverview> => get("/v1/admin/overview"),
  adminNodes: (): Promise<AdminNodes> => get("/v1/admin/nodes"),
  adminDisagreements: (): Promise<{ items: NodeDisagreements[] }> => get("/v1/admin/disagreements"),
  adminRefusals: (): Promise<{ items: NodeRefusals[] }> => get("/v1/admin/refusals"),
};
