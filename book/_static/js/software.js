// Commands name the site where this page was loaded from: a server's address or a folder of this computer.
(() => {
  const site = book.siteRoot.href.replace(/\/$/, "");
  for (const code of document.querySelectorAll(".article pre, .article :not(pre) > code")) {
    if (!code.textContent.includes("BOOK/software/")) continue;
    const texts = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replaceAll("BOOK/software/", `${site}/software/`);
  }
})();
