// Writes FILE.gz and FILE.br beside every text-like file above 1 KB of a folder, so that the server
// never compresses at run time. Removes variants that belong to no file, keeps none that is not smaller.
// Usage: node compress.mjs FOLDER
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const SMALLEST = 1024;
const TEXT = /\.(js|mjs|css|html|svg|json|webmanifest|txt|map|wasm|ico)$/;
const VARIANT = /\.(gz|br)$/;

const squeeze = {
  gz: (bytes) => gzipSync(bytes, { level: 9 }),
  br: (bytes) =>
    brotliCompressSync(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
};

const folder = process.argv[2];
if (!folder) throw new Error("usage: node compress.mjs FOLDER");

const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name));

for (const file of files.filter((name) => VARIANT.test(name))) rmSync(file);
for (const file of files.filter((name) => TEXT.test(name))) {
  const bytes = readFileSync(file);
  if (bytes.length <= SMALLEST) continue;
  for (const [suffix, pack] of Object.entries(squeeze)) {
    const packed = pack(bytes);
    if (packed.length < bytes.length) writeFileSync(`${file}.${suffix}`, packed);
  }
}
