// The whole reply flow without a mouse, on both sides.
import assert from "node:assert/strict";
import { PASSWORD } from "../harness/agent.js";
import { Desk } from "../harness/desk.js";
import { rest, scene } from "../harness/stage.js";
import { until } from "../harness/until.js";
import { Visitor } from "../harness/visitor.js";
import { Widget } from "../harness/widget.js";

/** Tab until the focus is on an element; a keyboard user would give up after 40. */
async function tabTo(page, target, key = "Tab") {
  for (let pressed = 0; pressed < 40; pressed++) {
    if (await target.evaluate((element) => element.contains(element.getRootNode().activeElement))) return;
    await page.keyboard.press(key);
  }
  assert.fail(`Tab never reached ${target}`);
}

const focused = (target) => until("focus", () => target.evaluate((element) => element === element.getRootNode().activeElement));

scene("an agent works with the keyboard only", async (stage) => {
  const weikefu = await stage.weikefu();
  await weikefu.agents[0].acceptance({ auto: false });
  for (const text of ["第一条快捷回复", "第二条快捷回复"]) {
    await weikefu.agents[0].call("POST", "/quick-replies/mine/replies", { folder: null, title: "", text });
  }
  const [first, second] = [await Visitor.arrive(weikefu), await Visitor.arrive(weikefu)];
  await first.say("第一位客户的问题");
  await second.say("第二位客户的问题");

  const page = await stage.page();
  const desk = new Desk(page, weikefu.origin);
  const { keyboard } = page;
  await page.goto(weikefu.origin);
  await focused(desk.get("login-name"));
  await keyboard.type("agent1");
  await keyboard.press("Tab");
  await keyboard.insertText(PASSWORD);
  await keyboard.press("Enter");
  await desk.ready();

  await keyboard.press("Tab");
  await page.locator(".skip-link").waitFor();
  await stage.shot(page, "keyboard-1-skip-link");
  await tabTo(page, desk.get("online-switch"));
  await keyboard.press("Space");
  await page.locator(".rail-presence.on").waitFor();
  await desk.counts(0, 2);

  await keyboard.press("Alt+n");
  await desk.item("第一位客户").waitFor();
  await keyboard.press("Alt+a");
  await desk.message("第一位客户的问题").waitFor();
  await focused(desk.composer());
  await desk.counts(1, 1);
  await keyboard.type("您好，");
  await keyboard.press("Shift+Enter");
  await keyboard.type("请说");
  // Alt+A must not have written anything, and a new line is not a message.
  assert.equal(await desk.composer().inputValue(), "您好，\n请说");
  await keyboard.press("Enter");
  await desk.inState("请说", "accepted").waitFor();

  await tabTo(page, desk.get("emoji"));
  await keyboard.press("Enter");
  const grid = desk.get("emoji-grid");
  await grid.waitFor();
  await tabTo(page, grid.locator("button").first());
  await stage.shot(page, "keyboard-2-emoji");
  await keyboard.press("Enter");
  await keyboard.press("Escape");
  await until("an emoji in the text", async () => (await desk.composer().inputValue()).length > 0);
  await tabTo(page, desk.composer(), "Shift+Tab");
  await keyboard.press("Enter");
  await until("two messages sent", async () => (await page.locator('[data-state="accepted"]').count()) === 2);

  // Stored replies: the second by arrow and Ctrl+Enter, the first into the text.
  await keyboard.type("/快捷");
  await desk.get("quick-reply").nth(1).waitFor();
  await keyboard.press("ArrowDown");
  await keyboard.press("Control+Enter");
  await desk.inState("第二条快捷回复", "accepted").waitFor();
  assert.equal(await desk.composer().inputValue(), "");
  await keyboard.press("Alt+r");
  await focused(desk.get("quick-search"));
  await keyboard.press("Enter");
  await focused(desk.composer());
  await keyboard.press("Enter");
  await desk.inState("第一条快捷回复", "accepted").waitFor();
  // Records open, search and close; the focus comes back.
  await keyboard.press("Alt+h");
  await focused(desk.get("records-keyword"));
  await keyboard.type("第一位");
  await until("one record", async () => (await desk.get("record-item").count()) === 1);
  await keyboard.press("Escape");
  await desk.get("records").waitFor({ state: "detached" });
  await focused(desk.composer());

  await keyboard.press("Alt+a");
  await desk.message("第二位客户的问题").waitFor();
  await desk.counts(2, 0);
  await keyboard.press("Alt+j");
  await desk.message("第一位客户的问题").waitFor();
  await keyboard.press("Alt+k");
  await desk.message("第二位客户的问题").waitFor();

  await tabTo(page, desk.get("close-conversation"), "Shift+Tab");
  await keyboard.press("?");
  const help = page.getByRole("dialog");
  await help.waitFor();
  await keyboard.press("Escape");
  await help.waitFor({ state: "hidden" });
  await keyboard.press("r");
  await focused(desk.composer());
  await keyboard.press("Control+Alt+e");
  await desk.toast("会话已结束").waitFor();
  await desk.message("第一位客户的问题").waitFor();
  await desk.counts(1, 0);
});

scene("a fast hand loses no key while a dialog is fading out", async (stage) => {
  const weikefu = await stage.weikefu({ agents: ["小林", "小陈"] });
  const [agent, colleague] = weikefu.agents;
  await agent.online();
  await colleague.acceptance({ auto: false });
  await colleague.online();
  await (await Visitor.arrive(weikefu)).say("想换个尺码");
  const page = await stage.page({ agent, reducedMotion: "no-preference" });
  const desk = await Desk.open(page, weikefu.origin);
  await desk.pick("想换个尺码");
  const annotation = desk.get("annotation");
  await page.keyboard.press("Alt+m");
  await focused(annotation);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Alt+m");
  await annotation.fill("第二次打开的");
  // The first one has gone; the second stays.
  await rest(page);
  assert.equal(await annotation.inputValue(), "第二次打开的");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Alt+t");
  await desk.get("transfer-note").waitFor();
  await rest(page);
  assert.equal(await page.getByRole("dialog").filter({ visible: true }).count(), 1);
});

scene("Enter that ends an input method's word sends nothing", async (stage) => {
  const weikefu = await stage.weikefu();
  await weikefu.agents[0].online();
  const visitor = await Visitor.arrive(weikefu);
  await visitor.say("在吗");
  const page = await stage.page({ agent: weikefu.agents[0] });
  const desk = await Desk.open(page, weikefu.origin);
  await desk.pick("在吗");
  const host = await stage.host({ server: weikefu.origin, key: weikefu.h5.path.split("/")[2] });
  const widget = await Widget.open(await stage.page(), host.origin);

  for (const [input, sent] of [[desk.composer(), desk.message("ni hao")], [widget.input(), widget.message("ni hao")]]) {
    await input.focus();
    await input.evaluate((element) => {
      element.addEventListener("keydown", (event) => (element.dataset.composing = String(event.isComposing)));
    });
    const client = await input.page().context().newCDPSession(input.page());
    await client.send("Input.imeSetComposition", { text: "ni hao", selectionStart: 6, selectionEnd: 6 });
    await input.page().keyboard.press("Enter");
    assert.equal(await input.getAttribute("data-composing"), "true", "the browser was composing");
    assert.equal(await sent.count(), 0, "nothing is sent");
    await client.send("Input.insertText", { text: "你好" });
    await input.page().keyboard.press("Enter");
  }
  await desk.inState("你好", "accepted").waitFor();
  await widget.inState("你好", "sent").waitFor();
});

scene("a visitor works with the keyboard only", async (stage) => {
  const weikefu = await stage.weikefu();
  await weikefu.agents[0].online();
  const host = await stage.host({ server: weikefu.origin, key: weikefu.h5.path.split("/")[2] });
  const page = await stage.page();
  const widget = new Widget(page);
  await page.goto(host.origin);
  await widget.launcher().waitFor();
  await tabTo(page, widget.launcher());
  await page.keyboard.press("Enter");
  await widget.ready();
  await focused(widget.input());
  await page.keyboard.type("键盘也能用");
  await page.keyboard.press("Enter");
  await widget.inState("键盘也能用", "sent").waitFor();
  await tabTo(page, widget.get("emoji"));
  await page.keyboard.press("Enter");
  await widget.get("emoji-panel").waitFor();
  await page.keyboard.press("Escape");
  await widget.panel().waitFor({ state: "detached" });
  await focused(widget.launcher());
});
