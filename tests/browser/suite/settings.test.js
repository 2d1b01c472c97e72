// The settings: who sees what, what is kept, and what happens to changes that were not saved.
import assert from "node:assert/strict";
import { Desk } from "../harness/desk.js";
import { DESKTOP, PHONE, scene } from "../harness/stage.js";

const path = (page) => new URL(page.url()).pathname;

/** Opens a settings page that is logged in. */
async function settings(stage, weikefu, agent, name = "", options = {}) {
  const page = await stage.page({ agent, ...options });
  const desk = new Desk(page, weikefu.origin);
  await page.goto(`${weikefu.origin}/shops/1/settings${name && `/${name}`}`);
  return { page, desk };
}

scene("a greeting is kept, and leaving with changes asks first", async (stage) => {
  const weikefu = await stage.weikefu();
  const [agent] = weikefu.agents;
  const { page, desk } = await settings(stage, weikefu, agent, "acceptance", { viewport: DESKTOP });
  await desk.get("acceptance-greeting").fill("您好，我是小林。\n有什么可以帮您？");
  await desk.get("acceptance-greeting-preview").getByText("有什么可以帮您？").waitFor();
  await stage.shot(page, "settings-1-acceptance");
  await desk.get("rail-desk").click();
  await desk.get("leave-save").waitFor();
  await stage.shot(page, "settings-2-leave");
  await page.keyboard.press("Escape");
  await desk.get("leave-save").waitFor({ state: "detached" });
  assert.equal(path(page), "/shops/1/settings/acceptance");
  await desk.get("rail-desk").click();
  await desk.get("leave-save").click();
  await desk.ready();
  await desk.get("rail-settings").click();
  await page.waitForFunction(() => document.querySelector('[data-testid="acceptance-greeting"]')?.value.includes("有什么可以帮您"));
  // Discarded is gone.
  await desk.get("acceptance-greeting").fill("不要这个");
  await desk.get("rail-desk").click();
  await desk.get("leave-discard").click();
  await desk.ready();
  assert.match((await agent.call("GET", "/acceptance")).greeting, /有什么可以帮您/);
});

scene("on a phone the list comes first, then the page", async (stage) => {
  const weikefu = await stage.weikefu();
  const { page, desk } = await settings(stage, weikefu, weikefu.agents[0], "", { viewport: PHONE });
  await desk.get("settings-acceptance").waitFor();
  await stage.shot(page, "settings-3-phone-list");
  await desk.get("settings-acceptance").click();
  await desk.get("acceptance-greeting").waitFor();
  await stage.shot(page, "settings-4-phone-acceptance");
  await page.getByRole("link", { name: "返回设置列表" }).click();
  await desk.get("settings-acceptance").waitFor();
  assert.equal(path(page), "/shops/1/settings");
});
