// Serves the built site with gzip, measures three pages with Lighthouse as on a phone, and compares with the goals.
// Each page is measured three times; the run with the median performance counts.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { pipeline } from "node:stream";
import { createGzip } from "node:zlib";
import * as chromeLauncher from "chrome-launcher";
import lighthouse from "lighthouse";

const site = process.env.SITE ?? "_build/html";
const chromium = process.env.CHROMIUM ?? "/usr/bin/chromium";
const pages = ["index.html", "regression/gradients.html", "regression/gradients_run.html"];
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
  chromePath: chromium,
  chromeFlags: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

let missed = 0;
for (const page of pages) {
  const runs = [];
  for (let run = 0; run < 3; run += 1) {
    const { lhr } = await lighthouse(`http://127.0.0.1:${server.address().port}/${page}`, {
      port: chrome.port, output: "json", logLevel: "error", onlyCategories: Object.keys(goals),
    });
    runs.push(lhr);
  }
  const lhr = runs.sort((a, b) => a.categories.performance.score - b.categories.performance.score)[1];
  const scores = Object.entries(goals).map(([name, goal]) => {
    const score = Math.round(lhr.categories[name].score * 100);
    if (score < goal) missed += 1;
    return `${name} ${score}${score < goal ? ` (goal ${goal})` : ""}`;
  });
  console.log(`${page}: ${scores.join(", ")}`);
  for (const name of Object.keys(goals)) {
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
process.exitCode = missed ? 1 : 0;
