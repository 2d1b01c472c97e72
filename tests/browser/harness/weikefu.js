// A weikefu of one's own: data folder, command line, process. Also the WeChat simulator's process.
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Agent } from "./agent.js";
import { PATIENCE } from "./until.js";

const run = promisify(execFile);
const project = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const program = (variable, name) => process.env[variable] || join(project, "target/debug", name);

export const WEIKEFU = program("WEIKEFU_BIN", "weikefu");
export const SIMULATOR = program("WEIKEFU_SIMULATOR", "weikefu-wechat-simulator");
/** As on a Chinese machine, and nothing of the one who runs the tests. */
const ENVIRONMENT = { ...process.env, LANG: "zh_CN.UTF-8", RUST_LOG: "warn" };
for (const name of ["LC_ALL", "WEIKEFU_DATA"]) delete ENVIRONMENT[name];
/** A folder of pages instead of those inside the executable; for work on the pages. */
export const WEB = process.env.WEIKEFU_WEB_DIR ? ["--web-dir", process.env.WEIKEFU_WEB_DIR] : [];

/** A process that prints one line of JSON when it is ready. */
export class Program {
  constructor(child, ready, log) {
    Object.assign(this, { child, ready, log });
    this.ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)));
  }

  static async start(file, args) {
    const log = [];
    const child = spawn(file, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: ENVIRONMENT,
    });
    child.stderr.on("data", (bytes) => log.push(String(bytes)));
    const lines = createInterface({ input: child.stdout });
    const failed = (why) => new Error(`${file} ${args.join(" ")}: ${why}\n${log.join("")}`);
    const ready = await new Promise((resolve, reject) => {
      lines.once("line", (line) => {
        try {
          resolve(JSON.parse(line));
        } catch {
          reject(failed(line));
        }
      });
      child.once("error", (error) => reject(failed(error.message)));
      child.once("exit", (code) => reject(failed(`ended with ${code} before it was ready`)));
    });
    lines.on("line", (line) => log.push(`${line}\n`));
    return new Program(child, ready, log);
  }

  /** Ends it by its own pid; a program that does not listen to the polite way is a failure. */
  async stop() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.ended;
    this.child.kill("SIGTERM");
    const hard = setTimeout(() => this.child.kill("SIGKILL"), PATIENCE);
    const end = await this.ended;
    clearTimeout(hard);
    return end;
  }
}

export class Weikefu {
  /** @param {string} folder of its own, removed at the end */
  constructor(folder) {
    this.folder = folder;
    this.agents = [];
  }

  /** A shop with these agents, served. The first agent administers it. */
  static async shop({ agents = ["小林"], shops = 1, h5 = {}, wechat = false } = {}) {
    const weikefu = new Weikefu(await mkdtemp(join(tmpdir(), "weikefu-browser-")));
    try {
      await weikefu.#build({ agents, shops, h5, wechat });
    } catch (error) {
      await weikefu.end();
      throw error;
    }
    return weikefu;
  }

  async #build({ agents, shops, h5, wechat }) {
    const [first, ...others] = agents;
    const made = [await this.order("init", "--shop", "山间茶舍", "--login", "agent1", "--nickname", first)];
    for (const [index, nickname] of others.entries()) {
      made.push(await this.order("agent", "add", `agent${index + 2}`, "--nickname", nickname, "--shop", "1"));
    }
    for (let shop = 2; shop <= shops; shop++) {
      await this.order("shop", "add", `山间茶舍 ${shop} 号店`, "--login", "agent1");
      for (const { login } of made.slice(1)) await this.order("agent", "add", login, "--shop", String(shop));
    }
    const web = { title: "山间茶舍", ...h5 };
    this.h5 = await this.channel("h5", "商城客服", web);
    if (wechat) {
      this.simulator = await Program.start(SIMULATOR, ["--json"]);
      const { app_id, secret, token, aes_key, mode, api_base } = this.simulator.ready;
      const settings = { app_id, app_secret: secret, token, encoding_aes_key: aes_key, mode, api_base };
      this.wechat = await this.channel("wechat", "演示公众号", settings);
    }
    await this.serve();
    if (wechat) await this.sim("callback", { url: `${this.origin}${this.wechat.path}callback` });
    this.agents = await Promise.all(made.map((agent) => Agent.first(this.origin, agent)));
    await this.#waitForPages();
  }

  /** Agents who are online without an open page stay so as long as the server allows, and no test takes longer. */
  async #waitForPages() {
    const [admin] = this.agents;
    await admin.call("PUT", "/settings/shop", { ...(await admin.call("GET", "/settings/shop")), away_seconds: 600 });
  }

  channel(plugin, name, settings) {
    const pairs = Object.entries(settings).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
    return this.order("channel", "add", plugin, "--shop", "1", "--name", name, ...pairs);
  }

  /** A command that must succeed; what it printed. */
  async order(...args) {
    const data = ["--data", join(this.folder, "data")];
    const { stdout } = await run(WEIKEFU, [...data, "--json", ...args], { env: ENVIRONMENT });
    return JSON.parse(stdout.trim().split("\n").at(-1));
  }

  async serve() {
    const data = ["--data", join(this.folder, "data")];
    this.server = await Program.start(WEIKEFU, [...data, "--json", "serve", "--listen", "127.0.0.1:0", ...WEB]);
    this.address = this.server.ready.address;
    this.origin = `http://${this.address}`;
  }

  /** Makes the simulated platform or its customers do something. */
  async sim(path, order) {
    const answer = await fetch(`${this.simulator.ready.api_base}/sim/${path}`, {
      method: "POST",
      body: JSON.stringify(order),
    });
    if (!answer.ok) throw new Error(`/sim/${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** What the account has sent to a customer, in order. */
  async sent(openid) {
    const answer = await fetch(`${this.simulator.ready.api_base}/sim/sent?openid=${openid}`);
    return (await answer.json()).sent;
  }

  log() {
    return [this.server, this.simulator].flatMap((process) => process?.log ?? []).join("");
  }

  /** Ends the processes, removes the folder; false when the server did not end well. */
  async end() {
    const end = (await this.server?.stop()) ?? 0;
    await this.simulator?.stop();
    await rm(this.folder, { recursive: true, force: true });
    return end === 0;
  }
}
