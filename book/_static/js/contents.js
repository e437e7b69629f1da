// The table of contents on a phone, and the contents of this page.
(() => {
  const { root } = book;
  const navToggle = document.querySelector(".nav-toggle");
  const siteNav = document.getElementById("site-nav");
  let place = 0;  // where the reader was, to be back there when the contents close
  function openNav(open) {
    root.classList.toggle("nav-open", open);
    navToggle.setAttribute("aria-expanded", String(open));
  }
  navToggle.addEventListener("click", () => {
    const open = !root.classList.contains("nav-open");
    if (open) place = scrollY;
    openNav(open);
    scrollTo({ top: open ? 0 : place, behavior: "instant" });
    if (open) siteNav.querySelector("a").focus({ preventScroll: true });
  });
  document.addEventListener("keydown", event => {
    if (event.key === "Escape" && root.classList.contains("nav-open")) {
      openNav(false);
      scrollTo({ top: place, behavior: "instant" });
      navToggle.focus({ preventScroll: true });
    }
  });
  const here = siteNav.querySelector("a[aria-current], a.current");
  requestAnimationFrame(() => {
    if (here && siteNav.scrollHeight > siteNav.clientHeight) siteNav.scrollTop = here.offsetTop - siteNav.clientHeight / 2;
  });

  // Open beside the text where there is room; marks the section being read.
  const pageToc = document.querySelector(".page-toc");
  if (pageToc) {
    const wide = matchMedia("(min-width: 80rem)");
    const fit = () => { pageToc.open = wide.matches; };
    wide.addEventListener("change", fit);
    fit();
    const links = new Map([...pageToc.querySelectorAll("a[href^='#']")].map(link => [link.hash.slice(1), link]));
    const visible = new Set();
    const observer = new IntersectionObserver(entries => {
      for (const { target, isIntersecting } of entries) isIntersecting ? visible.add(target.id) : visible.delete(target.id);
      const current = [...links.keys()].filter(id => visible.has(id)).pop();
      for (const [id, link] of links) id === current ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
      const top = links.get(current)?.offsetTop - pageToc.scrollTop;
      if (top < 0 || top > pageToc.clientHeight - 32) pageToc.scrollTop += top - pageToc.clientHeight / 2;
    }, { rootMargin: "-20% 0px -70% 0px" });
    for (const id of links.keys()) {
      const section = document.getElementById(decodeURIComponent(id));
      if (section) observer.observe(section);
    }
  }
})();
