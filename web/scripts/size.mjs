// Fails when what a visit loads is over its budget (brotli, as a server sends it).
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";

const dist = join(import.meta.dirname, "..", "dist");
const html = readFileSync(join(dist, "index.html"), "utf8");
const linked = (pattern) => [...html.matchAll(pattern)].map((match) => join(dist, match[1]));
const initialJs = linked(/(?:src|href)="\/((?:assets\/)?[^"]+\.js)"/g);
const initialCss = linked(/href="\/(assets\/[^"]+\.css)"/g);
const later = readdirSync(join(dist, "assets"))
  .map((name) => join(dist, "assets", name))
  .filter((file) => ![...initialJs, ...initialCss].includes(file));
const budgets = [
  ["initial JS", 60_000, initialJs],
  ["initial CSS", 12_000, initialCss],
  ["HTML", 4_000, [join(dist, "index.html")]],
  // Pages whose code is loaded when they are first looked at, all of them together.
  ["later", 30_000, later],
];

let over = false;
for (const [name, budget, files] of budgets) {
  const size = files.reduce((sum, file) => sum + brotliCompressSync(readFileSync(file)).length, 0);
  const verdict = files.length === 0 ? "MISSING" : size > budget ? "OVER" : "ok";
  over ||= verdict !== "ok";
  console.log(`${name.padEnd(12)}${String(size).padStart(8)} B brotli of ${budget} B  ${verdict}`);
}
process.exit(over ? 1 : 0);
