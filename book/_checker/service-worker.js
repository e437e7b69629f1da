// Keeps what is read, once the prover has been used: the site then works without its server.
// The page itself and what it has loaded before that are kept by the prover's client.
const KEPT = "backprop";
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", event => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", event => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  event.respondWith((async () => {
    const kept = await caches.open(KEPT);
    try {
      const response = await fetch(request);
      if (response.ok) await kept.put(request, response.clone());
      return response;
    } catch (error) {
      const found = await kept.match(request, { ignoreSearch: request.mode === "navigate" });
      if (found) return found;
      throw error;
    }
  })());
});
