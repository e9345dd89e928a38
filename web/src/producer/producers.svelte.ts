import { api } from "../lib/api/client";
import type { Payouts } from "../lib/api/types";

/** Everybody's figures of the newest day. */
export class ProducersView {
  payouts = $state.raw<Payouts>();

  load = async (): Promise<() => void> => {
    const payouts = await api.payouts(undefined);
    return () => (this.payouts = payouts);
  };
}
