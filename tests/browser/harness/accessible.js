// axe, with findings a person can read.
import { AxeBuilder } from "@axe-core/playwright";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Every violation of WCAG A and AA on a page as one line each. */
export async function violations(page, where) {
  const { violations: found } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  return found.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${where}: ${id} at ${node.target.flat().join(" ")}: ${node.failureSummary.replaceAll(/\s+/g, " ")} ${node.html.slice(0, 160)}`));
}

/** Whether something is wider than the window, which makes a page scroll sideways. */
export async function overflow(page, where) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  return wide > 0 ? [`${where}: ${wide} px wider than the window`] : [];
}
