// The command bar (Ctrl+K): found by typing, chosen with the arrows, done with Enter; no mouse anywhere.
import assert from "node:assert/strict";
import { Desk } from "../harness/desk.js";
import { scene } from "../harness/stage.js";
import { until } from "../harness/until.js";
import { Visitor } from "../harness/visitor.js";

scene("an agent finds chats, pages and actions with the keyboard alone", async (stage) => {
  const weikefu = await stage.weikefu({ shops: 2 });
  const [agent] = weikefu.agents;
  await agent.online();
  for (const text of ["想买龙井", "想买普洱"]) await (await Visitor.arrive(weikefu)).say(text);
  const page = await stage.page({ agent });
  const desk = await Desk.open(page, weikefu.origin);
  await desk.counts(2, 0);
  const input = desk.get("command-input");
  const selected = page.locator('[data-testid="command-option"][aria-selected="true"]');
  const type = async (text) => {
    await page.keyboard.press("Control+k");
    await input.waitFor();
    await page.keyboard.type(text);
  };

  // What is selected is what a screen reader hears, and it wraps around.
  await type("");
  const options = desk.get("command-option");
  await options.first().waitFor();
  assert.equal(await input.getAttribute("role"), "combobox");
  const spoken = async () => page.locator(`[id="${await input.getAttribute("aria-activedescendant")}"]`).textContent();
  assert.equal(await spoken(), await options.first().textContent());
  await page.keyboard.press("ArrowUp");
  await until("the last", async () => (await spoken()) === (await options.last().textContent()));
  await page.keyboard.press("ArrowDown");
  await until("the first again", async () => (await spoken()) === (await options.first().textContent()));
  await page.keyboard.press("Tab");
  assert.ok(await input.evaluate((element) => element === document.activeElement), "Tab does not leave the field");
  await stage.shot(page, "command-1-open");
  await page.keyboard.press("Escape");
  await input.waitFor({ state: "detached" });

  // A chat by what its customer said, from the middle of writing; the draft stays.
  await type("普洱");
  await page.keyboard.press("Enter");
  await desk.message("想买普洱").waitFor();
  await desk.composer().fill("这一句还没写完");
  await type("龙井");
  await stage.shot(page, "command-2-found");
  await page.keyboard.press("Enter");
  await desk.message("想买龙井").waitFor();
  assert.equal(await desk.composer().inputValue(), "");
  await type("普洱");
  await page.keyboard.press("Enter");
  await desk.message("想买普洱").waitFor();
  assert.equal(await desk.composer().inputValue(), "这一句还没写完");

  // Keys of the desk are dead under it; the same key puts it away and gives the focus back.
  await type("");
  await page.keyboard.press("Alt+j");
  await page.keyboard.press("Control+k");
  await input.waitFor({ state: "detached" });
  assert.ok(await desk.composer().evaluate((element) => element === document.activeElement), "the focus is back");
  await desk.message("想买普洱").waitFor();

  // A page, also without an input method; from there on an action, a dialog, another shop.
  await type("kuaijie huifu");
  await page.keyboard.press("Enter");
  await page.waitForURL(/settings\/quick-replies/);
  await type("暂停接待");
  await page.keyboard.press("Enter");
  await page.locator(".rail-presence:not(.on)").waitFor();
  await type("shangxian");
  await page.keyboard.press("Enter");
  await page.locator(".rail-presence.on").waitFor();
  await type("深色");
  await page.keyboard.press("Enter");
  await page.locator("html.dark").waitFor();
  await type("没有这样的东西");
  await desk.get("command-none").waitFor();
  await page.keyboard.press("Enter");
  // At once again: a bar that is just closing is not the one the key means.
  await page.keyboard.press("Escape");
  await type("快捷键");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog").filter({ visible: true });
  await dialog.getByText("搜索会话、页面和操作").waitFor();
  await page.keyboard.press("Control+k");
  assert.equal(await input.count(), 0, "an open dialog keeps the keyboard");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await type("2 号店");
  await page.keyboard.press("Enter");
  await page.waitForURL(/shops\/2\/desk/);
  await type("English");
  await page.keyboard.press("Enter");
  await page.locator("html[lang=en]").waitFor();
});
