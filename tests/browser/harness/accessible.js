// axe, with findings a person can read.
import axe from "axe-core";

const OPTIONS = {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
  resultTypes: ["violations"],
  iframes: false,
};

/** Every violation of WCAG A and AA on a page as one line each. */
export async function violations(page, where) {
  // Run in the page itself: a tab for every result, as axe's own bridge opens, takes five times as long.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  const { violations: found } = await page.evaluate((options) => window.axe.run(document, options), OPTIONS);
  const line = (id, { target, html, failureSummary }) =>
    `${where}: ${id} at ${target.flat().join(" ")}: ${failureSummary.replaceAll(/\s+/g, " ")} ${html.slice(0, 160)}`;
  return found.flatMap(({ id, nodes }) => nodes.map((node) => line(id, node)));
}

/** Whether something is wider than the window, which makes a page scroll sideways. */
export async function overflow(page, where) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  return wide > 0 ? [`${where}: ${wide} px wider than the window`] : [];
}
