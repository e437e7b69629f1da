// Serves the built site with gzip, measures five pages with Lighthouse as on a phone, and compares with the goals.
// Each page is measured five times; the run with the median performance counts.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { pipeline } from "node:stream";
import { createGzip } from "node:zlib";
import * as chromeLauncher from "chrome-launcher";
import lighthouse from "lighthouse";

const site = process.env.SITE ?? "_build/html";
const pages = ["index.html", "regression/gradients.html", "bench.html", "errata.html", "homework/derivation.html"];
const runsPerPage = 5;
const goals = { performance: 95, accessibility: 100, "best-practices": 100, seo: 100 };

const types = {
  ".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml",
  ".txt": "text/plain", ".xml": "application/xml", ".png": "image/png", ".woff2": "font/woff2",
};
const compressed = new Set([".png", ".woff2"]);

const server = createServer((request, response) => {
  const path = join(site, normalize(decodeURIComponent(new URL(request.url, "http://site").pathname)));
  if (!existsSync(path) || !statSync(path).isFile()) {
    response.writeHead(404, { "content-type": "text/plain" }).end("not found");
    return;
  }
  const headers = { "content-type": types[extname(path)] ?? "application/octet-stream", "cache-control": "max-age=31536000" };
  if (compressed.has(extname(path))) {
    response.writeHead(200, headers);
    pipeline(createReadStream(path), response, () => {});
  } else {
    response.writeHead(200, { ...headers, "content-encoding": "gzip" });
    pipeline(createReadStream(path), createGzip(), response, () => {});
  }
});
await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));

const chrome = await chromeLauncher.launch({
  chromePath: process.env.CHROMIUM, // else the launcher looks for one
  chromeFlags: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-features=PreloadTopChromeWebUI,WebUIOmniboxPopup,WebUIOmniboxAimPopup"],
});

const missed = [];
for (const page of pages) {
  const runs = [];
  for (let run = 0; run < runsPerPage; run += 1) {
    const { lhr } = await lighthouse(`http://127.0.0.1:${server.address().port}/${page}`, {
      port: chrome.port, output: "json", logLevel: "error", onlyCategories: Object.keys(goals),
    });
    if (lhr.runtimeError) throw new Error(`${page}: ${lhr.runtimeError.message}`);
    runs.push(lhr);
  }
  const score = (run, name) => Math.round(run.categories[name].score * 100);
  runs.sort((a, b) => score(a, "performance") - score(b, "performance"));
  const lhr = runs[Math.floor(runs.length / 2)];
  const all = runs.map(run => score(run, "performance")).join(" ");
  console.log(`${page}: ${Object.keys(goals).map(name => `${name} ${score(lhr, name)}`).join(", ")} (performance of all runs: ${all})`);
  for (const [name, goal] of Object.entries(goals)) {
    if (score(lhr, name) >= goal) continue;
    missed.push(`${page}: ${name} ${score(lhr, name)}, goal ${goal}`);
    for (const { id, weight } of lhr.categories[name].auditRefs) {
      const audit = lhr.audits[id];
      if (weight > 0 && audit.score !== null && audit.score < (name === "performance" ? 0.9 : 1))
        console.log(`  ${name}: ${audit.title} ${audit.displayValue ?? ""}`,
          (audit.details?.items ?? []).slice(0, 3).map(item => item.node?.snippet ?? "").join(" "));
    }
  }
}
await chrome.kill();
server.close();
if (missed.length) {
  console.error(`Short of the goal:\n${missed.map(line => `  ${line}`).join("\n")}`);
  process.exitCode = 1;
} else {
  console.log("Every goal is met.");
}
