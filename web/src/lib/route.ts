/** What the hash of the address shows. Anything that is no path (#homes) is a place on the overview. */
export type Route =
  | { page: "overview"; home: string | undefined }
  | { page: "producer"; id: string | undefined }
  | { page: "admin" }
  | { page: "unknown" };

const HOME = /^#\/home\/(0x[0-9a-fA-F]{64})$/;
const PRODUCER = /^#\/producer(?:\/(0x(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})))?$/;

export function routeOf(hash: string): Route {
  const home = HOME.exec(hash)?.[1];
  if (home !== undefined || !hash.startsWith("#/") || hash === "#/") return { page: "overview", home };
  const producer = PRODUCER.exec(hash);
  if (producer !== null) return { page: "producer", id: producer[1]?.toLowerCase() };
  return { page: hash === "#/admin" ? "admin" : "unknown" };
}

/** Whether both show the same page: a home opens beside the overview, every producer has a page of its own. */
export function samePage(a: Route, b: Route): boolean {
  if (a.page === "producer" && b.page === "producer") return a.id === b.id;
  return a.page === b.page;
}

export const OVERVIEW = "#/";
export const PRODUCERS = "#/producer";
export const ADMIN = "#/admin";

export function homePath(meterId: string): string {
  return `#/home/${meterId}`;
}

/** The page of a producer, by account or by meter. */
export function producerPath(id: string): string {
  return `${PRODUCERS}/${id}`;
}
