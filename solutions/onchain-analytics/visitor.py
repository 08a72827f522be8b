"""A visitor of the page: Chromium without a window, driven by Playwright."""

import re
from pathlib import Path
from typing import Any

import tools

WIDTH, HEIGHT = 1280, 900
PATIENCE_MS = 60_000


class Visitor:
    """One browser, one page at a time. What the page complains of is kept."""

    def __init__(self, screenshots: Path | None):
        from playwright.sync_api import sync_playwright

        self._screenshots = screenshots
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=tools.browser(), args=list(tools.QUIET))
        self.page: Any = self._browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        self.page.set_default_timeout(PATIENCE_MS)
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def opens(self, url: str):
        self.page.goto(url)

    def asks(self, address: str, interval: str, period: str):
        """Fill in the form, as a person does."""
        self.page.get_by_label("Contract address").fill(address)
        for label, choice in (("Interval", interval), ("Period", period)):
            self.page.get_by_label(label).click()
            self.page.get_by_role("option", name=choice, exact=True).click()
        self.page.get_by_role("button", name="Show").click()

    def total(self, name: str) -> str:
        """A total as the API told it, all its digits: it is the title of what is shown."""
        return self.page.locator(f"[data-total={name}]").get_attribute("title")

    def waits_for_total(self, name: str, *values: str):
        """Until it is this one, or one of these."""
        wanted = ", ".join(f'[data-total={name}][title="{value}"]' for value in values)
        self.page.wait_for_selector(wanted, timeout=3 * PATIENCE_MS)

    def lines(self, metric: str) -> int:
        """How many lines a chart draws that are more than a point."""
        paths = self.page.locator(f"[data-metric={metric}] svg path[class*='MuiLineChart-line']").all()
        return sum(len(re.findall("[MLC]", path.get_attribute("d") or "")) > 1 for path in paths)

    def numbers(self, metric: str) -> list[tuple[str, ...]]:
        """The rows of a metric's table: the time, then the numbers."""
        card = self.page.locator(f"[data-metric={metric}]")
        card.get_by_role("button", name="Table").click()
        rows = card.locator("tbody tr").evaluate_all(
            "rows => rows.map(row => [row.dataset.time, ...[...row.querySelectorAll('[data-value]')]"
            ".map(cell => cell.dataset.value)])"
        )
        card.get_by_role("button", name="Chart").click()
        return [tuple(row) for row in rows]

    def fetches(self, url: str, headers: dict[str, str]) -> str:
        """What a script of the page gets from a URL, or what the browser says instead."""
        return self.page.evaluate(
            "([url, headers]) => fetch(url, {headers}).then(answer => answer.text()).catch(String)", [url, headers]
        )

    def error(self) -> str:
        return self.page.get_by_role("alert").inner_text()

    def shot(self, name: str):
        """A picture of the whole page, if pictures are wanted."""
        if self._screenshots:
            self._screenshots.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=self._screenshots / f"{name}.png", full_page=True)

    def leaves(self):
        self._browser.close()
        self._playwright.stop()
