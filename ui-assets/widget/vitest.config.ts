import { defineConfig } from "vitest/config";

export default defineConfig({
  define: { __PANEL__: JSON.stringify("panel-test0000.js") },
  test: { environment: "jsdom", include: ["tests/**/*.test.{ts,tsx}"], restoreMocks: true },
});
