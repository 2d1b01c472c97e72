// Every page of the settings in every look: axe, width, language, and a picture to look at.
import { Desk } from "../harness/desk.js";
import { Inspection, LOOKS } from "../harness/looks.js";
import { PHONE, scene } from "../harness/stage.js";
import { Visitor } from "../harness/visitor.js";

/** Page and what shows that it is there. */
const PAGES = [
  ["acceptance", "acceptance-greeting"],
  ["auto-close", "close-text"],
  ["offline", "offline-text"],
  ["shop-texts", "nobody-text"],
  ["quick-replies", "quick-reply"],
  ["alerts", "alerts-test"],
  ["entries", "entry"],
  ["blacklist", "blocked"],
  ["tags", "tag-row"],
];

async function furnished(stage) {
  const weikefu = await stage.weikefu({ agents: ["小林", "小周"] });
  const [admin] = weikefu.agents;
  await admin.acceptance({ auto: false, greeting: "您好，我是小林，马上为您服务。" });
  const { id } = await admin.call("POST", "/quick-replies/shared/folders", { name: "物流与发货" });
  await admin.call("POST", "/quick-replies/shared/replies", { folder: id, title: "发货时间", text: "每天下午四点前的订单，当天发出；之后的订单第二天发出。" });
  await admin.call("POST", "/quick-replies/mine/replies", { text: "您好，请问有什么可以帮您？" });
  await (await Visitor.arrive(weikefu)).say("加微信领红包");
  const [{ customer }] = (await admin.desk()).conversations;
  await admin.call("PUT", `/customers/${customer.id}/blocked`, { blocked: true });
  await admin.call("POST", "/tags", { name: "企业采购" });
  const { id: tag } = await admin.call("POST", "/tags", { name: "老客户" });
  await admin.call("PUT", `/customers/${customer.id}/tags`, { tags: [tag] });
  return weikefu;
}

for (const lang of ["zh-CN", "en"]) {
  scene(`the settings stand every look in ${lang}`, async (stage) => {
    const weikefu = await furnished(stage);
    const inspection = new Inspection(stage);
    for (const look of LOOKS.filter((look) => look.lang === lang)) {
      const page = await stage.page({ agent: weikefu.agents[0], ...look });
      const desk = new Desk(page, weikefu.origin);
      await page.goto(`${weikefu.origin}/shops/1/settings`);
      await desk.get("settings-alerts").waitFor();
      if (look.viewport === PHONE) await inspection.at(page, "settings-list", look);
      for (const [name, sign] of PAGES) {
        await page.goto(`${weikefu.origin}/shops/1/settings/${name}`);
        await desk.get(sign).first().waitFor();
        await inspection.at(page, `settings-${name}`, look);
      }
      await page.goto(`${weikefu.origin}/shops/1/settings/quick-replies`);
      await desk.get("quick-mine").getByTestId("quick-edit").click();
      await desk.get("quick-text").waitFor();
      await inspection.at(page, "settings-quick-edit", look);
      await page.context().close();
    }
    // Who is no administrator sees the same pages, and why some of them are locked.
    const locked = await stage.page({ agent: weikefu.agents[1], lang });
    await locked.goto(`${weikefu.origin}/shops/1/settings/entries`);
    await locked.getByTestId("settings-locked").waitFor();
    await inspection.at(locked, "settings-locked", { lang, scheme: "light", viewport: { width: 1360 } });
    inspection.end();
  });
}
