import { api } from "../lib/api/client";
import type {
  AdminNodes,
  AdminOverview,
  Meter,
  NodeDisagreements,
  NodeRefusals,
  Page,
  Payouts,
} from "../lib/api/types";
import type { CommunityView } from "../lib/community.svelte";
import { knownZone } from "../lib/format/time";
import { betweenOf, type Range } from "../lib/range";

const HOMES_STEP = 100;

/** What the admin's page asks for in every round. */
export class AdminView {
  range = $state<Range>("today");
  overview = $state.raw<AdminOverview>();
  nodes = $state.raw<AdminNodes>();
  refusals = $state.raw<NodeRefusals[]>();
  disagreements = $state.raw<NodeDisagreements[]>();
  homes = $state.raw<Page<Meter>>();
  payouts = $state.raw<Payouts>();

  #homesShown = HOMES_STEP;

  constructor(private readonly community: CommunityView) {}

  load = async (): Promise<() => void> => {
    const range = this.range;
    const { today, zone } = this.community.community ?? (await api.community());
    const between = today === null ? undefined : betweenOf(range, today.start, knownZone(zone));
    const [overview, nodes, refusals, disagreements, homes, payouts] = await Promise.all([
      api.adminOverview(),
      api.adminNodes(),
      api.adminRefusals(),
      api.adminDisagreements(),
      api.meters(this.#homesShown),
      api.payouts(between),
    ]);
    return () => {
      this.overview = overview;
      this.nodes = nodes;
      this.refusals = refusals.items;
      this.disagreements = disagreements.items;
      this.homes = homes;
      // Chosen anew meanwhile: the round that follows brings it.
      if (range === this.range) this.payouts = payouts;
    };
  };

  choose(range: Range): void {
    this.range = range;
    this.community.refresh();
  }

  showMoreHomes(): void {
    this.#homesShown += HOMES_STEP;
    this.community.refresh();
  }
}
