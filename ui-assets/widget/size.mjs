// Fails when the built widget is above its budget (bytes after gzip -9).
import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";

const KB = 1024;
const LIMITS = { loader: 3 * KB, total: 25 * KB };

const sizes = Object.fromEntries(
  readdirSync("dist")
    .filter((name) => /\.(js|css)$/.test(name))
    .map((name) => [name, gzipSync(readFileSync(`dist/${name}`), { level: 9 }).length]),
);
const loader = sizes["loader.js"] ?? Infinity;
const total = Object.values(sizes).reduce((sum, size) => sum + size, 0);

for (const [name, size] of Object.entries(sizes)) console.log(`${name.padEnd(28)} ${(size / KB).toFixed(2)} KB gz`);
console.log(`${"loader + panel".padEnd(28)} ${(total / KB).toFixed(2)} KB gz`);

const over = [];
if (loader > LIMITS.loader) over.push(`loader.js is above ${LIMITS.loader / KB} KB`);
if (total > LIMITS.total) over.push(`loader + panel are above ${LIMITS.total / KB} KB`);
if (over.length > 0) {
  console.error(`Over budget: ${over.join("; ")}.`);
  process.exit(1);
}
