// Builds dist/: first the panel, whose file name carries the hash of its content, then the loader, which
// must know that name. Classic scripts without imports: old web views load them, and one request is enough.
import { createHash } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { build } from "vite";

async function bundle(entry, define) {
  const output = await build({
    configFile: false,
    logLevel: "warn",
    define,
    build: {
      write: false,
      target: ["es2018", "safari12", "chrome70"],
      cssTarget: ["safari12", "chrome70"],
      minify: true,
      modulePreload: false,
      rollupOptions: { input: entry, output: { format: "iife", codeSplitting: false } },
    },
  });
  const chunks = [output].flat().flatMap((result) => result.output);
  if (chunks.length !== 1 || chunks[0].type !== "chunk") {
    throw new Error(`${entry}: expected one script, got ${chunks.map((chunk) => chunk.fileName).join(", ")}`);
  }
  return chunks[0].code;
}

const panel = await bundle("src/ui/main.tsx", {});
// A letter in front: a name must never look like a plain number to whoever decides about caching.
const name = `panel-w${createHash("sha256").update(panel).digest("hex").slice(0, 15)}.js`;
const loader = await bundle("src/loader/main.ts", { __PANEL__: JSON.stringify(name) });

rmSync("dist", { recursive: true, force: true });
mkdirSync("dist");
writeFileSync(`dist/${name}`, panel);
writeFileSync("dist/loader.js", loader);
