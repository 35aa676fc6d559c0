// What every page has: the colour switch, folds, filters of a day, keys. The pages work without it.
"use strict";
(function () {
  const root = document.documentElement;
  const all = (selector, from) => Array.from((from || document).querySelectorAll(selector));
  const one = (selector, from) => (from || document).querySelector(selector);

  // --- colours ---
  const themes = [["auto", "自动", "◐"], ["light", "浅色", "☀"], ["dark", "深色", "☾"]];
  const button = one("[data-theme-switch]");
  const current = () => root.dataset.theme || "auto";
  function showTheme() {
    const theme = themes.find(([name]) => name === current());
    one("[data-theme-name]").textContent = theme[1];
    one("[data-theme-sign]").textContent = theme[2];
  }
  function nextTheme() {
    const at = themes.findIndex(([name]) => name === current());
    const [name] = themes[(at + 1) % themes.length];
    if (name === "auto") delete root.dataset.theme; else root.dataset.theme = name;
    try {
      if (name === "auto") localStorage.removeItem("arxiv-daily-theme"); else localStorage.setItem("arxiv-daily-theme", name);
    } catch (error) { /* the choice then lasts for this page */ }
    showTheme();
  }
  button.hidden = false;
  button.addEventListener("click", nextTheme);
  showTheme();

  // --- folds ---
  const folds = () => all(".paper:not([hidden]) .fold");
  const foldsButton = one("[data-folds]");
  function showFolds() {
    if (!foldsButton) return;
    const open = folds().length > 0 && folds().every((fold) => fold.open);
    foldsButton.setAttribute("aria-pressed", String(open));
    foldsButton.textContent = open ? "全部收起解读" : "全部展开解读";
  }
  function toggleFolds() {
    const found = folds().length ? folds() : all("details");
    const open = !found.every((fold) => fold.open);
    found.forEach((fold) => { fold.open = open; });
    showFolds();
  }
  if (foldsButton) {
    foldsButton.hidden = false;
    foldsButton.addEventListener("click", toggleFolds);
    all(".paper .fold").forEach((fold) => fold.addEventListener("toggle", showFolds));
  }
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all(".fold:not(.quiet):not([open])");
    opened.forEach((fold) => { fold.open = true; });
  });
  addEventListener("afterprint", () => { opened.forEach((fold) => { fold.open = false; }); });

  // --- the categories of a day ---
  const filter = one("[data-filter]");
  if (filter) {
    filter.hidden = false;
    filter.addEventListener("click", (event) => {
      const chosen = event.target.closest("button");
      if (!chosen) return;
      all("button", filter).forEach((other) => other.setAttribute("aria-pressed", String(other === chosen)));
      const category = chosen.dataset.category;
      all("[data-categories]").forEach((item) => {
        item.hidden = category !== "" && !item.dataset.categories.split(" ").includes(category);
      });
      showFolds();
    });
  }

  // --- where in the day one is ---
  const links = new Map(all(".contents a").map((link) => [link.hash.slice(1), link]));
  if (links.size && "IntersectionObserver" in window) {
    const seen = new Set();
    const observer = new IntersectionObserver((entries) => {
      entries.forEach((entry) => { if (entry.isIntersecting) seen.add(entry.target.id); else seen.delete(entry.target.id); });
      const first = all(".paper").find((paper) => seen.has(paper.id));
      links.forEach((link, id) => {
        if (first && id === first.id) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
      });
    }, { rootMargin: "-80px 0px -60% 0px" });
    all(".paper").forEach((paper) => observer.observe(paper));
  }

  // --- keys ---
  const help = document.getElementById("help");
  const helpButton = one("[data-help]");
  helpButton.hidden = false;
  helpButton.addEventListener("click", () => help.showModal());

  const items = () => all(".paper:not([hidden]), .results > li, .headlines > li, .breakdown .part");
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  function inItem() {
    const focused = document.activeElement.closest(".paper, .results > li, .headlines > li, .breakdown .part");
    return focused ? items().indexOf(focused) : -1;
  }
  function go(step) {
    const found = items();
    if (!found.length) return;
    let at = inItem();
    if (at < 0) {
      // start from what is on the screen
      at = found.findIndex((item) => item.getBoundingClientRect().bottom > 90);
      at = step > 0 ? (at < 0 ? found.length : at) - (at >= 0 && found[at].getBoundingClientRect().top < 60 ? 0 : 1) : at;
    }
    const next = found[Math.max(0, Math.min(found.length - 1, at + step))];
    const target = next.matches(".paper") ? next : one("a", next) || next;
    if (!target.matches("a, [tabindex]")) target.tabIndex = -1;
    target.focus({ preventScroll: true });
    next.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
  }
  function follow(relation) {
    const link = one(`.steps a[rel="${relation}"]`);
    if (link) location.href = link.href;
  }
  function toggleFold() {
    const at = inItem();
    const fold = at >= 0 && one(".fold", items()[at]);
    if (fold) fold.open = !fold.open;
  }
  const keys = {
    "/": () => { const field = document.getElementById("q") || document.getElementById("find"); field.focus(); field.select(); },
    j: () => go(1), k: () => go(-1), o: toggleFold, a: toggleFolds, t: nextTheme,
    "[": () => follow("prev"), "]": () => follow("next"), "?": () => help.showModal(),
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || help.open) return;
    const typing = event.target.closest("input, select, textarea");
    if (typing) { if (event.key === "Escape") event.target.blur(); return; }
    const action = keys[event.key];
    if (action) { event.preventDefault(); action(); }
  });
})();
