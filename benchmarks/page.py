"""How fast the prover is in the page: until it is ready, and for a verdict after that.

Run it after `make book` with `.venv/bin/python benchmarks/page.py`. It serves the site on loopback
and drives a headless Chromium (or CHROMIUM=path). Ready is the time from the first press of "Check"
in an empty browser to the verdict, and the processor time that the browser takes for it. The
statements are the two-layer ones of the prover's tests, asked in three rounds, of which the fastest
counts: so what else the machine does is left out. A cause is counted from the same moment.
"""

from __future__ import annotations

import functools
import http.server
import os
import statistics
import sys
import threading
import time
import tomllib
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.append(str(Path(__file__).parents[1] / "book" / "_ext"))
import chromium

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"
STATEMENTS = ROOT / "tests" / "texcheck" / "statements"
RUNS = 5  # from an empty browser
ROUNDS = 3  # of all statements
EACH = 100  # statements of each verdict
FIRST = r"\frac{\partial \ell}{\partial \hat y} = 2 (\hat y - y)^T"

MEASURE = """async rows => {
  const prover = await book.loadProver();
  const times = [];
  for (const [tex, network] of rows) {
    const asked = { ask: "check", tex, network, notation: "", assignment: false };
    const rest = Promise.withResolvers();
    const { milliseconds, more } = await prover.askIn(null, asked, rest.resolve);
    times.push([milliseconds, more ? (await rest.promise).milliseconds : 0]);
  }
  return times;
}"""


class _Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """The table is all that is printed."""


def two_layer_statements() -> list[tuple[str, str]]:
    found = []
    for verdict in ("proved", "refuted"):
        rows = tomllib.loads((STATEMENTS / f"{verdict}.toml").read_text("utf-8"))["rows"]
        rows = [row for row in rows if row["network"] != "deep"]
        found += [(row["tex"], row["network"]) for row in rows[:: len(rows) // EACH][:EACH]]
    return found


def browser_seconds(browser: Browser) -> float:
    """The processor time of all processes of a browser."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return sum(one["cpuTime"] for one in processes)


def seconds_until_ready(page: Page, address: str) -> float:
    page.goto(f"{address}/homework/derivation.html")
    page.get_by_label("Your formula", exact=True).fill(FIRST)
    before = time.perf_counter()
    page.keyboard.press("Control+Enter")
    page.locator(".checker-summary").wait_for()
    return time.perf_counter() - before


def spread(times: list[float]) -> str:
    percentile = statistics.quantiles(times, n=20)[-1]
    return (
        f"median {statistics.median(times):.0f} ms, 95th percentile {percentile:.0f} ms,"
        f" longest {max(times):.0f} ms"
    )


def main() -> None:
    if not (SITE / "_static" / "checker" / "client.js").is_file():
        sys.exit("expected a site with the prover: run `make book` first")
    try:
        executable = chromium.executable()
    except FileNotFoundError as error:
        sys.exit(str(error))
    handler = functools.partial(_Handler, directory=str(SITE))
    statements = two_layer_statements()
    ready, used, rounds = [], [], []
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
        sync_playwright() as playwright,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        browser = playwright.chromium.launch(executable_path=executable, args=chromium.FLAGS)
        for run in range(RUNS):
            context = browser.new_context()
            page = context.new_page()
            before = browser_seconds(browser)
            ready.append(seconds_until_ready(page, address))
            used.append(browser_seconds(browser) - before)
            if run == 0:
                rounds = [page.evaluate(MEASURE, statements) for _ in range(ROUNDS)]
            context.close()
        browser.close()
        server.shutdown()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"load of the machine: {load:.1f} on {os.cpu_count()} processors")
    print(f"ready: {', '.join(f'{one:.2f}' for one in ready)} s")
    print(f"processor time for it: {', '.join(f'{one:.2f}' for one in used)} s")
    asked = list(zip(*rounds, strict=True))  # for each statement, its rounds
    best = [min(verdict for verdict, _ in one) for one in asked]
    causes = [min(cause for _, cause in one) for one in asked]
    print(f"{len(best)} two-layer statements, until the verdict: {spread(best)}")
    print(f"until the cause of the refuted ones: {spread([one for one in causes if one])}")
    for milliseconds, (tex, network) in sorted(zip(best, statements, strict=True))[-3:]:
        print(f"  {milliseconds:6.0f} ms  {network}: {tex}")


if __name__ == "__main__":
    main()
