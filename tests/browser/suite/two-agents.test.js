// Two agents at one desk: exactly one takes a customer, the other is told; closing and the counts both see.
import assert from "node:assert/strict";
import { Desk } from "../harness/desk.js";
import { scene } from "../harness/stage.js";
import { until } from "../harness/until.js";
import { Visitor } from "../harness/visitor.js";

const ROUNDS = 4;

/** Clicks buttons of several pages in the same moment, as near as their clocks allow. */
async function atOnce(buttons) {
  // The elements themselves: who is late presses a button that the other's press has just taken off the page.
  const elements = await Promise.all(buttons.map((button) => button.elementHandle()));
  const moment = Date.now() + 300;
  const click = (button, moment) => {
    while (Date.now() < moment);
    button.click();
  };
  await Promise.all(elements.map((element) => element.evaluate(click, moment)));
}

scene("both press accept: one has the customer, the other is told who", async (stage) => {
  const weikefu = await stage.weikefu({ agents: ["小林", "小陈"] });
  const desks = [];
  for (const agent of weikefu.agents) {
    await agent.acceptance({ auto: false });
    await agent.online();
    desks.push(await Desk.open(await stage.page({ agent }), weikefu.origin));
  }
  // Losing is answered with 409.
  stage.allow(/console error: Failed to load resource: .*status of 409/);

  const won = [0, 0];
  for (let round = 1; round <= ROUNDS; round++) {
    const visitor = await Visitor.arrive(weikefu);
    const question = `第 ${round} 位客户`;
    await visitor.say(question);
    for (const desk of desks) {
      await desk.tab("waiting");
      await desk.pick(question);
    }
    if (round === 1) await stage.shot(desks[0].page, "two-agents-1-waiting");
    await atOnce(desks.map((desk) => desk.get("accept")));
    const winner = await until("a winner", async () => {
      const has = await Promise.all(desks.map((desk) => desk.composer().isVisible()));
      assert.ok(!(has[0] && has[1]), "two owners");
      return has[0] ? { index: 0 } : has[1] ? { index: 1 } : null;
    });
    const loser = desks[1 - winner.index];
    won[winner.index] += 1;
    await loser.toast(`已由 ${weikefu.agents[winner.index].nickname} 接入`).first().waitFor();
    await loser.composer().waitFor({ state: "detached" });
    await loser.item(question).waitFor({ state: "detached" });
    if (round === 1) await stage.shot(loser.page, "two-agents-2-loser");
    for (const [index, desk] of desks.entries()) await desk.counts(won[index], 0);
  }
  for (const desk of desks) {
    await desk.get("team-summary").getByText(`2 人在线 · 接待 ${ROUNDS} 人`).waitFor();
    await desk.get("team-show").click();
    const load = desk.page.getByTestId("team-agent");
    for (const [index, agent] of weikefu.agents.entries()) {
      await load.filter({ hasText: agent.nickname }).getByText(`接待 ${won[index]} / 10`).waitFor();
    }
    await stage.shot(desk.page, `two-agents-3-team-${desks.indexOf(desk)}`);
    await desk.page.keyboard.press("Escape");
  }

  const [desk, other] = won[0] > 0 ? desks : [desks[1], desks[0]];
  const mine = Math.max(won[0], won[0] > 0 ? 0 : won[1]);
  await desk.tab("active");
  await desk.items().first().click();
  await desk.get("close-conversation").click();
  await desk.undo();
  await desk.composer().waitFor();
  await desk.counts(mine, 0);
  await desk.get("close-conversation").click();
  await desk.toast("的会话已结束").waitFor();
  await stage.shot(desk.page, "two-agents-4-closed");
  await desk.counts(mine - 1, 0);
  // Closed for the colleague too, once the time for undoing is over.
  await other.get("team-summary").getByText(`接待 ${ROUNDS - 1} 人`).waitFor();
});

scene("automatic acceptance fills a desk to its limit and pulls the next when a slot is free", async (stage) => {
  const weikefu = await stage.weikefu();
  const [agent] = weikefu.agents;
  const page = await stage.page({ agent });
  const desk = await Desk.open(page, weikefu.origin);
  await desk.goOnline();
  await desk.get("rail-settings").click();
  await desk.get("settings-acceptance").click();
  await desk.get("acceptance-greeting").waitFor();
  await page.getByRole("spinbutton").fill("2");
  await desk.get("acceptance-greeting").fill("您好，我是小林，马上为您服务。");
  await desk.get("settings-save").click();
  await desk.toast("设置已保存").waitFor();
  await desk.get("rail-desk").click();
  for (let index = 1; index <= 4; index++) await (await Visitor.arrive(weikefu)).say(`客户 ${index} 来了`);
  await desk.counts(2, 2);
  await desk.items().first().click();
  await desk.message("马上为您服务").waitFor();
  await desk.tab("waiting");
  await desk.item("客户 3 来了").waitFor();
  await stage.shot(page, "two-agents-5-limit");
  await desk.tab("active");
  await desk.get("close-conversation").click();
  await desk.counts(2, 1);
  await desk.tab("waiting");
  await desk.item("客户 3 来了").waitFor({ state: "detached" });
  await desk.item("客户 4 来了").waitFor();
});

scene("offline takes no new customer", async (stage) => {
  const weikefu = await stage.weikefu();
  const [agent] = weikefu.agents;
  await agent.online();
  const desk = await Desk.open(await stage.page({ agent }), weikefu.origin);
  await (await Visitor.arrive(weikefu)).say("第一位");
  await desk.counts(1, 0);
  await desk.get("online-switch").click();
  await desk.page.locator(".rail-presence:not(.on)").waitFor();
  await (await Visitor.arrive(weikefu)).say("第二位");
  await desk.counts(1, 1);
  await stage.shot(desk.page, "two-agents-6-offline");
});
