import type { AdminNode } from "../lib/api/types";

export type NodeState = "former" | "new" | "silent" | "signs";

/**
 * How a node of the oracle stands. Signatures of the whole window say nothing of now: a node that died signed most of
 * it, so what it missed since its last signature decides, as the API judges it.
 */
export function nodeStateOf(node: AdminNode): NodeState {
  if (!node.active) return "former";
  if (node.silent) return "silent";
  return node.possible === 0 ? "new" : "signs";
}
