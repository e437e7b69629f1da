// Keeps what is read, once the prover has been used: the site then works without its server.
// The page itself and what it has loaded before that are kept by the prover's client.
const KEPT = "backprop";
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", event => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", event => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  event.respondWith((async () => {
    const kept = await caches.open(KEPT).catch(() => null);
    let response;
    try {
      response = await fetch(request);
    } catch (error) {
      const found = await kept?.match(request, { ignoreSearch: request.mode === "navigate" });
      if (found) return found;
      throw error;
    }
    // A part of a file (206) is none to keep. Where there is no room, nothing is kept, and the page has its answer all the same.
    if (response.status === 200) await kept?.put(request, response.clone()).catch(() => {});
    return response;
  })());
});
