// A long thread: opened at its end, read upwards without jumps, new messages announced and not forced upon the reader.
import assert from "node:assert/strict";
import { Desk } from "../harness/desk.js";
import { png } from "../harness/picture.js";
import { rest, scene } from "../harness/stage.js";
import { until } from "../harness/until.js";
import { Visitor } from "../harness/visitor.js";

const MESSAGES = 130;

async function longThread(stage) {
  const weikefu = await stage.weikefu({ h5: { messages_per_10_seconds: 10_000 } });
  const [agent] = weikefu.agents;
  await agent.online();
  const visitor = await Visitor.arrive(weikefu);
  for (let index = 1; index <= MESSAGES; index++) {
    if (index % 30 === 0) await visitor.picture(png({ hue: index }));
    else await visitor.say(`第 ${index} 条${"，说得长一点".repeat(index % 7)}`);
  }
  return { weikefu, agent, visitor };
}

/** How far the top of a message is from the top of the list, pixels. */
const place = (desk, text) =>
  desk.message(text).evaluate((row) => row.getBoundingClientRect().top - row.closest('[role="log"]').getBoundingClientRect().top);

scene("a long thread opens at its end and is read upwards to its beginning", async (stage) => {
  const { weikefu, agent, visitor } = await longThread(stage);
  await visitor.say("最新的一条");
  const page = await stage.page({ agent });
  const desk = await Desk.open(page, weikefu.origin);
  const list = page.getByRole("log");
  await desk.pick("最新的一条");
  await until("the end", () => desk.atEnd());
  await until("everything read", async () => (await agent.desk()).conversations[0].unread === 0);
  await page.reload();
  await desk.message("最新的一条").waitFor();
  await until("the end after a reload", () => desk.atEnd());
  await page.getByTestId("new-messages").waitFor({ state: "detached" });
  await stage.shot(page, "history-1-end");
  assert.ok((await desk.messages().count()) < 60, "only what is near the screen is drawn");

  await list.hover();
  const beginning = page.getByText("没有更早的消息了");
  await until("the beginning", async () => {
    await page.mouse.wheel(0, -1_500);
    return (await beginning.isVisible()) && (await desk.message("第 1 条").isVisible());
  });
  await stage.shot(page, "history-2-beginning");
  const before = await place(desk, "第 1 条");
  await visitor.say("读旧消息时来的新消息");
  await page.getByTestId("new-messages").filter({ hasText: "1 条新消息" }).waitFor();
  assert.equal(await place(desk, "第 1 条"), before, "what is being read stays where it is");
  await stage.shot(page, "history-3-pill");
  await page.getByTestId("new-messages").click();
  await desk.message("读旧消息时来的新消息").waitFor();
  await until("the end", () => desk.atEnd());
  await visitor.say("在末尾时来的消息");
  await desk.message("在末尾时来的消息").waitFor();
  await until("the end follows", () => desk.atEnd());
});

scene("older messages come in above and what is being read stays on the screen", async (stage) => {
  const { weikefu, agent } = await longThread(stage);
  const page = await stage.page({ agent });
  const desk = await Desk.open(page, weikefu.origin);
  let held;
  const arrival = new Promise((resolve) => (held = resolve));
  await page.route("**/messages?*before=*", async (route) => {
    await arrival;
    await route.continue();
  });
  await desk.items().first().click();
  await desk.messages().first().waitFor();
  await page.getByRole("log").hover();
  const first = () => desk.messages().first().getAttribute("data-seq");
  await until("the first page's top", async () => {
    await page.mouse.wheel(0, -2_000);
    return page.getByText("正在加载更早的消息").isVisible();
  });
  const seq = await first();
  held();
  await until("older messages above", async () => Number(await first()) < Number(seq));
  await rest(page);
  // The list must not run away to its end, nor leave the reader somewhere else.
  const row = page.locator(`[data-testid="message"][data-seq="${seq}"]`);
  const [box, list] = await Promise.all([row.boundingBox(), page.getByRole("log").boundingBox()]);
  assert.ok(box.y >= list.y && box.y < list.y + list.height, `the message is at ${box.y}, the list at ${list.y} to ${list.y + list.height}`);
  assert.ok(!(await desk.atEnd()));
});

/** Where the words and pictures in view stand, pixels from the top of the window, by sequence number. */
const standing = (list) =>
  list.evaluate((log) => {
    const { top, bottom } = log.getBoundingClientRect();
    const places = [...log.querySelectorAll('[data-testid="message"]')].map((row) => [row.dataset.seq, row.querySelector(".bubble, .picture")?.getBoundingClientRect().top]);
    return Object.fromEntries(places.filter(([, y]) => y > top && y < bottom));
  });

scene("nothing in view moves when older messages come in, whether at the top or on the way to it", async (stage) => {
  const { weikefu, agent } = await longThread(stage);
  const page = await stage.page({ agent });
  const desk = await Desk.open(page, weikefu.origin);
  const list = page.getByRole("log");
  const waiting = [];
  await page.route("**/messages?*before=*", (route) => waiting.push(route));
  await desk.items().first().click();
  await desk.messages().first().waitFor();
  await list.hover();
  const height = () => list.evaluate((log) => log.scrollHeight);
  for (const near of [550, 0]) {
    await until("history is asked for", async () => {
      const left = await list.evaluate((log) => log.scrollTop);
      await page.mouse.wheel(0, -Math.max(0, left - near));
      return waiting.length > 0 && (await list.evaluate((log) => log.scrollTop)) <= near + 1;
    });
    await rest(page);
    const [before, high] = [await standing(list), await height()];
    assert.ok(Object.keys(before).length > 3);
    await waiting.shift().continue();
    await until("older messages above", async () => (await height()) > high + 1_000);
    await rest(page);
    const after = await standing(list);
    for (const [seq, y] of Object.entries(before)) assert.ok(Math.abs(after[seq] - y) <= 1, `message ${seq} stood at ${y}, now at ${after[seq]}`);
    assert.equal(waiting.length, 0, "one page at a time");
  }
});

scene("a chat with unread messages opens at the line above them", async (stage) => {
  const { weikefu, agent, visitor } = await longThread(stage);
  const desk = await Desk.open(await stage.page({ agent }), weikefu.origin);
  await desk.items().first().click();
  await until("everything read", async () => (await agent.desk()).conversations[0].unread === 0);
  await desk.page.goto("about:blank");
  for (let index = 1; index <= 20; index++) await visitor.say(`没读的第 ${index} 条`);
  const again = await Desk.open(desk.page, weikefu.origin);
  await again.items().first().click();
  await again.message("没读的第 1 条").waitFor();
  await rest(again.page);
  const [line, list] = await Promise.all([again.get("unread-divider").boundingBox(), again.page.getByRole("log").boundingBox()]);
  assert.ok(Math.abs(line.y - list.y) <= 2, `the line is at ${line.y}, the list at ${list.y}`);
  assert.ok(!(await again.atEnd()));
});
