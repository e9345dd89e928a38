// Fails when what a first visit loads is over its budget (brotli, as a server sends it).
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";

const dist = join(import.meta.dirname, "..", "dist");
const budgets = { "initial JS": 60_000, CSS: 12_000, HTML: 4_000 };
const html = readFileSync(join(dist, "index.html"), "utf8");
const linked = (pattern) => [...html.matchAll(pattern)].map((match) => join(dist, match[1]));
const files = {
  "initial JS": linked(/(?:src|href)="\/(assets\/[^"]+\.js)"/g),
  CSS: linked(/href="\/(assets\/[^"]+\.css)"/g),
  HTML: [join(dist, "index.html")],
};

let over = false;
for (const [name, budget] of Object.entries(budgets)) {
  const size = files[name].reduce((sum, file) => sum + brotliCompressSync(readFileSync(file)).length, 0);
  over ||= size > budget || files[name].length === 0;
  const verdict = files[name].length === 0 ? "MISSING" : size > budget ? "OVER" : "ok";
  console.log(`${name.padEnd(12)}${String(size).padStart(8)} B brotli of ${budget} B  ${verdict}`);
}
process.exit(over ? 1 : 0);
