// The stage of one test: programs, pages and wires that end with it, and the watch over every page.
import { after, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { HostPage } from "./host-page.js";
import { PATIENCE } from "./until.js";
import { Weikefu } from "./weikefu.js";
import { Wire } from "./wire.js";

export const ARTIFACTS = join(dirname(fileURLToPath(import.meta.url)), "../artifacts");
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // A microphone that hears a beep every second, for who may use it.
  "--use-fake-device-for-media-stream",
];
/** A name for the servers of tests, over which a page is no secure context: browsers trust the machine's own names only. */
export const NAMED = "desk.test";
FLAGS.push(`--host-resolver-rules=MAP ${NAMED} 127.0.0.1`);
const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
export const DESKTOP = { width: 1360, height: 860 };
export const PHONE = { width: 390, height: 844 };

/** The session is asked for before anybody has logged in; the browser writes that down as an error. */
const BEFORE_LOGIN = /status of 401.*\/api\/session/;

function executable() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of NAMES) {
    try {
      return execFileSync("which", [name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    } catch {
      // The next name.
    }
  }
  throw new Error("no Chromium: install it (apt-get install chromium) or name it in CHROMIUM");
}

let shared;
/** One Chromium for all tests of a file. */
const browser = () => (shared ??= chromium.launch({ executablePath: executable(), args: FLAGS }));
after(async () => (await shared)?.close());

/** A test with a stage of its own. Every page must end without an error, a CSP report or a foreign request. */
export function scene(name, play, { timeout = 10 * PATIENCE } = {}) {
  test(name, { timeout }, () => Stage.run(name, play));
}

/** Waits until nothing moves any more: half of a fade has half of the contrast. Spinners never end and do not count. */
export const rest = (page) =>
  page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    await frame().then(frame);
    const moving = document.getAnimations().filter(({ effect }) => Number.isFinite(effect.getComputedTiming().endTime));
    await Promise.allSettled(moving.map(({ finished }) => finished));
    await frame();
  });

class Stage {
  #name;
  #contexts = [];
  #things = [];
  #problems = [];
  #allowed = [BEFORE_LOGIN];
  #hosts = new Set();

  constructor(name) {
    this.#name = name;
  }

  static async run(name, play) {
    const stage = new Stage(name);
    let well;
    try {
      await play(stage);
      assert.deepEqual(stage.problems, []);
    } catch (error) {
      await stage.#keep();
      throw error;
    } finally {
      well = await stage.#end();
    }
    assert.ok(well, "the server did not end well");
  }

  async weikefu(options) {
    const weikefu = await Weikefu.shop(options);
    this.#things.push(weikefu);
    this.#hosts.add(weikefu.address);
    return weikefu;
  }

  async wire(weikefu) {
    const wire = await Wire.to(weikefu.address);
    this.#things.push(wire);
    this.#hosts.add(wire.address);
    return wire;
  }

  /** The origin of a server under the name. */
  named(weikefu) {
    const host = weikefu.address.replace("127.0.0.1", NAMED);
    this.#hosts.add(host);
    return `http://${host}`;
  }

  async host(options) {
    const host = await HostPage.with(options);
    this.#things.push(host);
    this.#hosts.add(new URL(host.origin).host);
    return host;
  }

  /** Something else that has an `end()`, and the hosts it may be asked at. */
  own(thing, ...origins) {
    this.#things.push(thing);
    for (const origin of origins) this.#hosts.add(new URL(origin).host);
    return thing;
  }

  /** A fresh browser profile. `agent`: logged in already, at `origin` if not at the agent's own. */
  async context({ agent, origin, lang = "zh-CN", viewport = DESKTOP, scheme = "light", ...options } = {}) {
    const made = await (await browser()).newContext({
      locale: lang,
      timezoneId: "Asia/Shanghai",
      viewport,
      colorScheme: scheme,
      reducedMotion: "reduce",
      isMobile: viewport.width < 768,
      hasTouch: viewport.width < 768,
      serviceWorkers: "block",
      ...options,
    });
    made.setDefaultTimeout(PATIENCE);
    if (agent) await made.addCookies(origin ? agent.cookies.map((cookie) => ({ ...cookie, url: origin })) : agent.cookies);
    this.#contexts.push(made);
    await this.#watch(made);
    return made;
  }

  async page(options) {
    return (await this.context(options)).newPage();
  }

  async #watch(context) {
    const found = (kind, text) => this.#problems.push(`${kind}: ${text}`);
    const known = (address) => {
      const { protocol, host } = new URL(address);
      return ["data:", "blob:", "about:"].includes(protocol) || this.#hosts.has(host);
    };
    await context.addInitScript(() => {
      addEventListener("securitypolicyviolation", (event) => {
        console.error(`csp report: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
      });
    });
    context.on("weberror", (error) => found("page error", error.error().stack ?? String(error.error())));
    context.on("console", (message) => {
      if (message.type() === "error") found("console error", `${message.text()} ${message.location().url}`);
    });
    context.on("request", (request) => known(request.url()) || found("foreign request", request.url()));
    context.on("page", (page) => {
      page.on("websocket", (socket) => known(socket.url()) || found("foreign socket", socket.url()));
    });
  }

  /** An error that belongs to what the test does. */
  allow(...patterns) {
    this.#allowed.push(...patterns);
  }

  /** What went wrong on the pages so far, apart from what is allowed. */
  get problems() {
    return this.#problems.filter((problem) => !this.#allowed.some((pattern) => pattern.test(problem)));
  }

  /** A picture for people to look at, of a page at rest. */
  async shot(page, name) {
    await rest(page);
    await mkdir(ARTIFACTS, { recursive: true });
    await page.screenshot({ path: join(ARTIFACTS, `${name}.png`) });
  }

  /** What helps to understand a failure. */
  async #keep() {
    const name = this.#name.replaceAll(/\W+/g, "-").slice(0, 60);
    const pages = this.#contexts.flatMap((context) => context.pages());
    for (const [index, page] of pages.entries()) {
      await this.shot(page, `failed-${name}-${index}`).catch(() => undefined);
    }
    const logs = this.#things.map((thing) => thing.log?.() ?? "").join("");
    console.error([`${this.#name} failed`, ...this.problems, logs.slice(-4_000)].join("\n"));
  }

  async #end() {
    let well = true;
    await Promise.all(this.#contexts.map((context) => context.close()));
    for (const thing of this.#things.toReversed()) {
      if ((await thing.end()) === false) well = false;
    }
    return well;
  }
}
