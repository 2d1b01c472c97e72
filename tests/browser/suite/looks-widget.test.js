// The widget, the sample shop's part of it and the page without a console, in every look.
import { Inspection, LOOKS } from "../harness/looks.js";
import { png } from "../harness/picture.js";
import { scene } from "../harness/stage.js";
import { until } from "../harness/until.js";
import { Widget } from "../harness/widget.js";

for (const lang of ["zh-CN", "en"]) {
  scene(`the widget stands every look in ${lang}`, async (stage) => {
    const weikefu = await stage.weikefu({ h5: { color: "#f6c343" } });
    const [agent] = weikefu.agents;
    await agent.online();
    stage.allow(/console error: Failed to load resource: (.*status of 415|net::ERR_FAILED)/);
    const inspection = new Inspection(stage);
    for (const look of LOOKS.filter((look) => look.lang === lang)) {
      const host = await stage.host({ server: weikefu.origin, key: weikefu.h5.path.split("/")[2], lang });
      await inspect(inspection, { agent, host, look });
    }
    inspection.end();
  });
}

async function inspect(inspection, { agent, host, look }) {
  const inspect = (page, state) => inspection.at(page, state, look);
  const page = await inspection.stage.page(look);
  const widget = new Widget(page);
  await page.goto(host.origin);
  await widget.launcher().waitFor();
  await inspect(page, "launcher");
  await widget.launcher().click();
  await widget.ready();
  await inspect(page, "widget-new");
  await widget.say("有没有适合送长辈的茶？https://shop.example/tea/7");
  await widget.inState("送长辈", "sent").waitFor();
  const { id } = await until("the conversation", async () =>
    (await agent.desk()).conversations.toSorted((a, b) => b.id - a.id)[0]);
  await agent.say(id, "有的，推荐三年老白茶饼，枣香醇和。\n您看可以吗？");
  await widget.message("老白茶饼").waitFor();
  const files = [png(), Buffer.from("no picture")].map((buffer, index) => ({ name: `${index}.png`, mimeType: "image/png", buffer }));
  await widget.get("upload").setInputFiles(files);
  await widget.root().locator('[data-state="failed"]').waitFor();
  await widget.root().locator('[data-state="sent"] img').waitFor();
  await inspect(page, "widget-chat");
  await widget.get("emoji").click();
  await widget.get("emoji-panel").waitFor();
  await inspect(page, "widget-emoji");
  await widget.get("emoji").click();
  await widget.input().fill("长".repeat(2_005));
  await inspect(page, "widget-too-long");
  await widget.root().locator('[data-state="sent"] button img, [data-state="sent"] a img').first().click();
  await widget.root().locator(".lightbox img").waitFor();
  await inspect(page, "widget-picture");
  await page.context().close();
}
