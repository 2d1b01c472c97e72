// The settings: who sees what, what is kept, and what happens to changes that were not saved.
import assert from "node:assert/strict";
import { listenTo, lookAway } from "../harness/alerts.js";
import { Desk } from "../harness/desk.js";
import { DESKTOP, PHONE, scene } from "../harness/stage.js";
import { until } from "../harness/until.js";
import { Visitor } from "../harness/visitor.js";

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
  await desk.get("settings-acceptance").click();
  await page.waitForFunction(() => document.querySelector('[data-testid="acceptance-greeting"]')?.value.includes("有什么可以帮您"));
  // Discarded is gone.
  await desk.get("acceptance-greeting").fill("不要这个");
  await desk.get("rail-desk").click();
  await desk.get("leave-discard").click();
  await desk.ready();
  assert.match((await agent.call("GET", "/settings/mine")).greeting, /有什么可以帮您/);
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
  await page.waitForURL(`${weikefu.origin}/shops/1/settings`);
});

scene("quick replies: folders, order by drag and by key, undo, and a file in and out", async (stage) => {
  const weikefu = await stage.weikefu({ agents: ["小林", "小周"] });
  const [admin, colleague] = weikefu.agents;
  const { page, desk } = await settings(stage, weikefu, admin, "quick-replies");
  const shared = desk.get("quick-shared");
  const texts = () => shared.locator(".quick-text").allTextContents();
  await shared.getByText("还没有公共回复").waitFor();
  await stage.shot(page, "settings-5-quick-empty");
  await shared.getByTestId("quick-add-folder").click();
  await desk.get("quick-folder-name").fill("物流");
  await page.keyboard.press("Enter");
  const folder = shared.getByTestId("quick-folder").filter({ hasText: "物流" });
  await folder.hover();
  await folder.getByTestId("quick-add-to").click();
  await desk.get("quick-title").fill("发货");
  await desk.get("quick-text").fill("今天下午发出");
  await page.keyboard.press("Control+Enter");
  await folder.getByText("今天下午发出").waitFor();
  for (const text of ["您好", "再见"]) {
    await shared.getByTestId("quick-add").click();
    await desk.get("quick-text").fill(text);
    await desk.get("quick-save").click();
    await shared.getByTestId("quick-reply").filter({ hasText: text }).waitFor();
  }
  await until("in the order of writing", async () => (await texts()).join() === "今天下午发出,您好,再见");

  // By hand, then by key: the server has the same order.
  const row = (text) => shared.getByTestId("quick-reply").filter({ hasText: text });
  await row("再见").dragTo(row("今天下午发出"));
  await until("dragged", async () => (await texts()).join() === "再见,今天下午发出,您好");
  await row("您好").hover();
  await row("您好").getByTestId("quick-up").focus();
  await page.keyboard.press("Enter");
  const stored = async () => {
    const { folders, replies } = (await admin.call("GET", "/quick-replies")).shared;
    return [...folders.map(({ replies: inner }) => inner.map(({ text }) => text).join()), replies.map(({ text }) => text).join()].join("/");
  };
  await until("stored", async () => (await stored()) === "再见,今天下午发出,您好/");
  await stage.shot(page, "settings-6-quick");

  await row("再见").hover();
  await row("再见").getByTestId("quick-remove").click();
  await desk.undo(() => row("再见").waitFor({ state: "detached" }));
  await row("再见").waitFor();

  const out = page.waitForEvent("download");
  await shared.getByTestId("quick-export").click();
  assert.equal((await out).suggestedFilename(), "公共回复.csv");
  const pick = async (box, name, bytes) => {
    const chooser = page.waitForEvent("filechooser");
    await box.getByTestId("quick-import").click();
    await (await chooser).setFiles({ name, mimeType: "text/csv", buffer: Buffer.from(bytes) });
  };
  stage.allow(/status of 422/);
  await pick(desk.get("quick-mine"), "wrong.csv", "内容\n好的\n,\n\"\",x\n标题,\n" + "长".repeat(2_001));
  await desk.get("quick-problem").getByText("第 6 行").waitFor();
  await stage.shot(page, "settings-7-quick-import-refused");
  await page.keyboard.press("Escape");
  // What Chinese Excel saves: GB 18030.
  await pick(desk.get("quick-mine"), "gbk.csv", [0xc4, 0xda, 0xc8, 0xdd, 0x0a, 0xc4, 0xfa, 0xba, 0xc3, 0x0a]);
  await desk.get("quick-mine").getByText("您好").waitFor();
  await desk.get("quick-search").fill("发货");
  await desk.get("quick-hit").filter({ hasText: "今天下午发出" }).waitFor();
  await until("one hit", async () => (await desk.get("quick-hit").count()) === 1);

  // A colleague reads what is shared, changes live arrive, and nothing can be edited.
  const other = await settings(stage, weikefu, colleague, "quick-replies");
  await other.desk.get("quick-shared").getByText("由主号维护").waitFor();
  assert.equal(await other.desk.get("quick-shared").getByTestId("quick-edit").count(), 0);
  await desk.get("quick-search").fill("");
  await row("您好").hover();
  await row("您好").getByTestId("quick-edit").click();
  await desk.get("quick-text").fill("您好，请讲");
  await desk.get("quick-save").click();
  await other.desk.get("quick-shared").getByText("您好，请讲").waitFor();
  await stage.shot(other.page, "settings-8-quick-locked");
});

scene("alerts: tested, silenced, hidden, and kept in this browser", async (stage) => {
  const weikefu = await stage.weikefu();
  const [agent] = weikefu.agents;
  await agent.online();
  const context = await stage.context({ agent });
  await listenTo(context);
  const page = await context.newPage();
  const desk = new Desk(page, weikefu.origin);
  await page.goto(`${weikefu.origin}/shops/1/settings/alerts`);
  await desk.get("alerts-permission").getByText("浏览器已允许").waitFor();
  await stage.shot(page, "settings-9-alerts");
  await desk.get("alerts-test").click();
  await until("tested", async () => (await page.evaluate(() => [window.rings, window.popups.length])).join() === "1,1");
  await desk.get("alerts-hide").click();
  await desk.get("alerts-sound").click();
  await lookAway(page);
  await (await Visitor.arrive(weikefu)).say("秘密");
  await until("a pop-up", () => page.evaluate(() => window.popups.length === 2));
  const popup = await page.evaluate(() => [window.popups[1].title, window.popups[1].body, window.rings, document.title]);
  assert.ok(!popup.join().includes("秘密") && popup[1] === "收到一条新消息" && popup[2] === 1, popup.join());
  await page.reload();
  await desk.get("alerts-sound").and(page.locator(":not(.is-checked)")).waitFor();
  // A new tab does not know of another shop's or agent's settings on the server: nothing was sent there.
  assert.equal(JSON.parse(await page.evaluate(() => localStorage.getItem("weikefu.alerts"))).hide, true);
});

scene("an entry is closed after a question; who is no administrator sees why he cannot", async (stage) => {
  const weikefu = await stage.weikefu({ agents: ["小林", "小周"] });
  const [admin, colleague] = weikefu.agents;
  const { page, desk } = await settings(stage, weikefu, admin, "entries");
  const entry = desk.get("entry").filter({ hasText: "商城客服" });
  await entry.locator(".el-switch").waitFor();
  await stage.shot(page, "settings-10-entries");
  await entry.locator(".el-switch").click();
  await desk.get("entry-off").click();
  await desk.toast("的入口已关闭").waitFor();
  assert.equal((await admin.call("GET", "/entries"))[0].on, false);
  const other = await settings(stage, weikefu, colleague, "entries");
  await other.desk.get("settings-locked").waitFor();
  assert.ok(await other.page.getByRole("switch", { name: "商城客服" }).isDisabled());
});

scene("somebody is taken off the blacklist, or not", async (stage) => {
  const weikefu = await stage.weikefu();
  const [agent] = weikefu.agents;
  for (const text of ["第一个", "第二个"]) await (await Visitor.arrive(weikefu)).say(text);
  for (const { customer } of (await agent.desk()).conversations) await agent.call("PUT", `/customers/${customer.id}/blocked`, { blocked: true });
  const { page, desk } = await settings(stage, weikefu, agent, "blacklist");
  const rows = desk.get("blocked");
  await rows.nth(1).waitFor();
  await stage.shot(page, "settings-11-blacklist");
  await desk.get("unblock").first().click();
  await desk.undo(() => rows.nth(1).waitFor({ state: "detached" }));
  await rows.nth(1).waitFor();
  assert.equal((await agent.call("GET", "/blacklist")).customers.length, 2);
  await desk.get("unblock").first().click();
  // Leaving ends the time for undoing.
  await desk.get("rail-desk").click();
  await until("one left", async () => (await agent.call("GET", "/blacklist")).customers.length === 1);
});

scene("automatic texts are kept with their rules, and only administrators change the shop's", async (stage) => {
  const weikefu = await stage.weikefu({ agents: ["小林", "小周"] });
  const [admin, colleague] = weikefu.agents;
  const { page, desk } = await settings(stage, weikefu, admin, "auto-close");
  await desk.get("close-on").click();
  await desk.get("close-minutes").getByRole("spinbutton").fill("15");
  await desk.get("close-text").fill("祝您愉快");
  await stage.shot(page, "settings-12-auto-close");
  await desk.get("settings-save").click();
  await desk.toast("设置已保存").waitFor();
  await desk.get("settings-offline").click();
  await desk.get("offline-on").click();
  await desk.get("offline-text").fill("稍后回复您");
  await desk.get("settings-save").click();
  // Leaving sooner would ask what to do with the changes.
  await desk.get("settings-state").getByText("已保存").waitFor();
  const mine = () => admin.call("GET", "/settings/mine");
  await until("both kept", async () => (await mine()).offline.text === "稍后回复您" && (await mine()).close.text === "祝您愉快");
  assert.deepEqual((await mine()).close, { on: true, idle_minutes: 15, text: "祝您愉快" });

  await desk.get("settings-shop-texts").click();
  await desk.get("nobody-text").fill("现在没有人在线，请留言。");
  await desk.get("nobody-text-preview").getByText("请留言").waitFor();
  await desk.get("shop-away_seconds").getByRole("spinbutton").fill("90");
  await stage.shot(page, "settings-13-shop-texts");
  await desk.get("settings-save").click();
  await until("kept", async () => (await admin.call("GET", "/settings/shop")).nobody_text === "现在没有人在线，请留言。");
  assert.equal((await admin.call("GET", "/settings/shop")).away_seconds, 90);
  // Too long is said before the server is asked.
  await desk.get("busy-text").fill("长".repeat(501));
  await page.getByText("501 / 500").waitFor();
  assert.ok(await desk.get("settings-save").isDisabled());

  const other = await settings(stage, weikefu, colleague, "shop-texts");
  await other.desk.get("settings-locked").waitFor();
  assert.equal(await other.desk.get("nobody-text").inputValue(), "现在没有人在线，请留言。");
  assert.ok(await other.desk.get("nobody-text").isDisabled());
  assert.equal(await other.desk.get("settings-save").count(), 0);
});
