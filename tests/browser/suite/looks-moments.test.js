// Moments that pass in a working day, in every look: an offer to the receiver, nothing left to answer, the blacklist, the rules.
import { Desk } from "../harness/desk.js";
import { Inspection, LOOKS } from "../harness/looks.js";
import { scene } from "../harness/stage.js";
import { until } from "../harness/until.js";

scene("an offer, a spent composer, the blacklist's question and the table of rules stand every look", async (stage) => {
  const weikefu = await stage.weikefu({ agents: ["Linda", "Alexandra"], wechat: true });
  const [agent, colleague] = weikefu.agents;
  await agent.call("PUT", "/settings/shop", { ...(await agent.call("GET", "/settings/shop")), transfer_seconds: 3600 });
  await agent.call("PATCH", "/channels/2", { name: "Official account" });
  await colleague.acceptance({ auto: false });
  await agent.online();
  await colleague.online();
  for (const nickname of ["Rain", "Sun"]) {
    const { openid } = await weikefu.sim("customers", { nickname, follow: true });
    await weikefu.sim("text", { openid, content: `Hello from ${nickname}` });
  }
  const held = (text) => until(text, async () => (await agent.desk()).conversations.find(({ state, last }) => state === "active" && last.text === text));
  const rain = await held("Hello from Rain");
  const sun = await held("Hello from Sun");
  // The open desk of the receiver keeps him online; what the platform takes is spent.
  const there = await Desk.open(await stage.page({ agent: colleague }), weikefu.origin);
  await there.counts(0, 0);
  for (const text of ["One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight"]) {
    if ((await agent.desk()).conversations.find(({ id }) => id === rain.id).reach.state === "spent") break;
    await agent.say(rain.id, text);
  }
  await agent.call("POST", `/conversations/${sun.id}/transfer`, { epoch: sun.epoch, to: colleague.id, note: "Wants a larger size" });

  const inspection = new Inspection(stage);
  for (const look of LOOKS) {
    const phone = look.viewport.width < 768;
    const theirs = await Desk.open(await stage.page({ agent: colleague, ...look }), weikefu.origin);
    await theirs.get("offer").waitFor();
    await inspection.at(theirs.page, "moment-offer", look);
    await theirs.page.goto(`${weikefu.origin}/shops/1/desk/${sun.id}`);
    await theirs.get("offer-bar").waitFor();
    await theirs.message("Hello from Sun").waitFor();
    await inspection.at(theirs.page, "moment-offer-chat", look);
    await theirs.page.context().close();

    const page = await stage.page({ agent, ...look });
    const desk = new Desk(page, weikefu.origin);
    await page.goto(`${weikefu.origin}/shops/1/desk/${rain.id}`);
    await desk.get("composer-end").waitFor();
    await desk.message("Hello from Rain").waitFor();
    await inspection.at(page, "moment-spent", look);
    await desk.get("force").click();
    await desk.get("composer-end").and(page.locator(".warn")).waitFor();
    await inspection.at(page, "moment-forced", look);
    if (phone) await desk.get("toggle-panel").click();
    await desk.get("block").click();
    await page.getByRole("dialog").filter({ visible: true }).last().waitFor();
    await inspection.at(page, "moment-block", look);
    await page.goto(`${weikefu.origin}/shops/1/settings/channels`);
    await desk.get("channel-edit-2").click();
    await desk.get("setting-reply_rules-change").scrollIntoViewIfNeeded();
    await inspection.at(page, "moment-rules-standard", look);
    await desk.get("setting-reply_rules-change").click();
    await desk.get("count-1").fill("0");
    await desk.get("setting-reply_rules-add").scrollIntoViewIfNeeded();
    await inspection.at(page, "moment-rules", look);
    await page.context().close();
  }
  inspection.end();
});
