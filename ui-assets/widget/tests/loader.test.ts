import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Command, Stage } from "../src/loader/stage";

const entry = { title: "小店", color: "#ffd54a", lang: null };
let answer: () => Promise<Response>;

/** Runs the loader as the page's script element would. */
async function run(): Promise<void> {
  const script = document.createElement("script");
  script.src = "https://desk.example/w/loader.js";
  script.dataset.app = "demo";
  Object.defineProperty(document, "currentScript", { value: script, configurable: true });
  vi.resetModules();
  await import("../src/loader/main");
  await new Promise((resolve) => setTimeout(resolve, 0));
}

const host = () => document.querySelector("weikefu-chat");
const launcher = () => host()!.shadowRoot!.querySelector("button") as HTMLButtonElement;
const panels = () => [...document.head.querySelectorAll("script")].filter(({ src }) => src.includes("panel-"));

/** What the panel's script does; the commands it was given. */
function mountPanel(): Command[] {
  const commands: Command[] = [];
  window.$weikefu!.panel!((stage: Stage) => stage.take((command) => commands.push(command)));
  return commands;
}

beforeEach(() => {
  answer = () => Promise.resolve(new Response(JSON.stringify(entry)));
  vi.stubGlobal("fetch", vi.fn(() => answer()));
});

afterEach(() => {
  vi.unstubAllGlobals();
  delete window.$weikefu;
  localStorage.clear();
  document.head.innerHTML = document.body.innerHTML = "";
});

describe("the loader", () => {
  it("draws a launcher in the account's colour and loads nothing else", async () => {
    await run();
    const frame = host()!.shadowRoot!.querySelector("section") as HTMLElement;
    expect(frame.style.getPropertyValue("--wk-accent")).toBe("#ffd54a");
    expect(frame.style.getPropertyValue("--wk-on")).toBe("#14181d");
    expect(launcher().getAttribute("aria-label")).toBeTruthy();
    expect(panels()).toHaveLength(0);
    expect(fetch).toHaveBeenCalledOnce();
  });

  it("remembers a click during the download that a hover has begun", async () => {
    await run();
    launcher().dispatchEvent(new Event("pointerenter"));
    expect(panels()).toHaveLength(1);
    launcher().click();
    launcher().click();
    expect(panels()).toHaveLength(1);
    expect(mountPanel()).toEqual([["open"], ["open"]]);
  });

  it("hands over what the page called before it was there", async () => {
    const queue: IArguments[] = [];
    const stub = function (): void {
      queue.push(arguments);
    } as unknown as Window["$weikefu"] & { q: IArguments[] };
    stub!.q = queue;
    window.$weikefu = stub;
    (stub as unknown as (...rest: unknown[]) => void)("on", "open", 1);
    (stub as unknown as (...rest: unknown[]) => void)("open");
    await run();
    expect(panels()).toHaveLength(1);
    window.$weikefu!("set", { theme: "dark" });
    const commands = mountPanel();
    window.$weikefu!("close");
    expect(commands).toEqual([["on", "open", 1], ["open"], ["set", { theme: "dark" }], ["close"]]);
  });

  it("stays away where the chat is switched off, and comes although the server is in trouble", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    answer = () => Promise.resolve(new Response("{}", { status: 403 }));
    await run();
    expect(host()).toBeNull();
    delete window.$weikefu;
    answer = () => Promise.reject(new TypeError("network"));
    await run();
    expect(host()).not.toBeNull();
  });

  it("runs once, however often it is embedded", async () => {
    await run();
    await run();
    expect(document.querySelectorAll("weikefu-chat")).toHaveLength(1);
  });

  it("can load the panel again after a failed download", async () => {
    await run();
    launcher().click();
    panels()[0]!.dispatchEvent(new Event("error"));
    expect(panels()).toHaveLength(0);
    launcher().click();
    expect(panels()).toHaveLength(1);
  });
});
