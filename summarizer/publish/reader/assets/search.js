// The search page. Parts of the index are scripts: a page that was opened from a folder may load those, but fetch nothing.
"use strict";
(function () {
  const form = document.getElementById("query");
  const field = document.getElementById("q");
  const status = document.getElementById("status");
  const list = document.getElementById("results");
  const more = document.getElementById("more");
  const pageSize = 20;
  const weights = [8, 6, 4, 3, 2]; // title, authors, translation, abstract, breakdown: the bits of a posting
  const waiting = new Map();
  const loaded = { terms: new Map(), papers: new Map() };
  let meta = null;

  // --- parts ---
  const pad = (number) => String(number).padStart(4, "0");
  function load(kind, number) {
    const have = loaded[kind].get(number);
    if (have) return have;
    const promise = new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = `search/${kind}-${pad(number)}.js`;
      script.onerror = () => { loaded[kind].delete(number); reject(new Error(script.src)); };
      waiting.set(`${kind}-${number}`, resolve);
      document.head.append(script);
    });
    loaded[kind].set(number, promise);
    return promise;
  }
  function decode(text) {
    const ids = [], fields = [];
    let last = 0;
    for (const word of text.split(" ")) {
      const value = parseInt(word, 36);
      last += Math.floor(value / (1 << meta.bits));
      ids.push(last);
      fields.push(value & ((1 << meta.bits) - 1));
    }
    return { ids, fields };
  }
  const score = new Float64Array(1 << weights.length);
  for (let mask = 0; mask < score.length; mask++) {
    weights.forEach((weight, bit) => { if (mask & (1 << bit)) score[mask] += weight; });
  }

  // --- a query ---
  async function matches(term) {
    const part = await load("terms", readerTerms.part(term.term, meta.parts));
    // a single letter finds words of one letter only: as a beginning it would find everything
    const alone = !term.prefix || (term.term.length === 1 && !readerTerms.isHan(term.term));
    const names = alone ? (Object.hasOwn(part, term.term) ? [term.term] : [])
      : Object.keys(part).filter((name) => name.startsWith(term.term));
    const found = new Map();
    for (const name of names) {
      const { ids, fields } = decode(part[name]);
      const rarity = Math.log(1 + meta.papers / ids.length) * (name === term.term || readerTerms.isHan(name) ? 1 : 0.6);
      for (let i = 0; i < ids.length; i++) {
        const points = score[fields[i]] * rarity;
        if (points > (found.get(ids[i]) || 0)) found.set(ids[i], points);
      }
    }
    return found;
  }
  function dayOf(number) {
    let low = 0, high = meta.days.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (meta.days[middle][1] <= number) low = middle; else high = middle - 1;
    }
    return meta.days[low][0];
  }
  async function find(wanted) {
    const terms = readerTerms.query(wanted.q);
    if (!terms.length && !wanted.cat && !wanted.from && !wanted.to) return null;
    let found = null;
    for (const one of await Promise.all(terms.map(matches))) {
      if (found === null) { found = one; continue; }
      for (const [number, points] of found) {
        if (one.has(number)) found.set(number, points + one.get(number)); else found.delete(number);
      }
    }
    if (found === null) found = new Map(Array.from({ length: meta.papers }, (_, number) => [number, 0]));
    const category = wanted.cat ? meta.categories.indexOf(wanted.cat) : -1;
    const numbers = [];
    for (const number of found.keys()) {
      if (wanted.cat && !meta.paperCategories[number].includes(category)) continue;
      const day = wanted.from || wanted.to ? dayOf(number) : "";
      if ((wanted.from && day < wanted.from) || (wanted.to && day > wanted.to)) continue;
      numbers.push(number);
    }
    const byTime = (a, b) => b - a;
    return numbers.sort(wanted.order === "new" || !terms.length ? byTime : (a, b) => found.get(b) - found.get(a) || byTime(a, b));
  }

  // --- showing ---
  function pattern(text) {
    const words = text.trim().split(/\s+/).filter((word) => word.length > 1 || readerTerms.isHan(word));
    const quoted = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return quoted.length ? new RegExp(`(${quoted.join("|")})`, "giu") : null;
  }
  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }
  function marked(text, words) {
    const made = document.createDocumentFragment();
    if (!words) { made.append(text); return made; }
    text.split(words).forEach((piece, at) => { made.append(at % 2 ? element("mark", {}, piece) : piece); });
    return made;
  }
  async function card(number, words) {
    const papers = await load("papers", Math.floor(number / meta.perPart));
    const [path, title, authors, preview, english] = papers[number % meta.perPart];
    const day = dayOf(number);
    const categories = meta.paperCategories[number].map((one) => meta.categories[one]).join(" · ");
    return element("li", {},
      element("h2", { lang: "en" }, element("a", { href: path }, marked(title, words))),
      element("p", { class: "authors", lang: "en" }, marked(authors, words)),
      element("p", { class: "preview", lang: english ? "en" : "zh-CN" }, marked(preview, words)),
      element("p", { class: "meta" }, element("a", { href: `days/${day}.html` }, day), ` · ${categories}`));
  }
  let results = [], shown = 0, turn = 0, words = null;
  async function showMore(mine) {
    const page = results.slice(shown, shown + pageSize);
    const cards = await Promise.all(page.map((number) => card(number, words)));
    if (mine !== turn) return false;
    list.append(...cards);
    shown += page.length;
    more.hidden = shown >= results.length;
    return true;
  }
  function wantedNow() {
    return { q: field.value.trim(), cat: form.cat.value, from: form.from.value, to: form.to.value, order: form.order.value };
  }
  async function search() {
    const mine = ++turn;
    const wanted = wantedNow();
    const begun = performance.now();
    try {
      const found = await find(wanted);
      if (mine !== turn) return;
      results = found || [];
      words = pattern(wanted.q);
      shown = 0;
      list.replaceChildren();
      more.hidden = true;
      if (!await showMore(mine)) return;
      const milliseconds = performance.now() - begun;
      status.dataset.milliseconds = milliseconds.toFixed(1);
      if (found === null) status.textContent = `共 ${meta.papers} 篇可搜索`;
      else if (!results.length) status.textContent = "没有找到：换一个词，或放宽类别与日期";
      else status.textContent = `${results.length} 篇（${Math.max(1, Math.round(milliseconds))} 毫秒）`;
      status.dataset.query = wanted.q;
    } catch (error) {
      if (mine === turn) status.textContent = `索引文件读不出来：${error.message}`;
    }
  }
  function remember() {
    const words = new URLSearchParams(Object.entries(wantedNow()).filter(([, value]) => value));
    const address = words.size ? `?${words}` : location.pathname;
    try { history.replaceState(null, "", address); } catch (error) { /* some browsers forbid it for files */ }
  }

  let timer = 0;
  const changed = () => { clearTimeout(timer); remember(); search(); };
  globalThis.readerSearch = {
    take(kind, ...given) {
      if (kind === "index") { meta = given[0]; start(); return; }
      const [number, content] = given;
      waiting.get(`${kind}-${number}`)(content);
    },
  };
  function start() {
    const asked = new URLSearchParams(location.search);
    for (const name of ["q", "cat", "from", "to", "order"]) {
      if (asked.get(name)) form.elements[name].value = asked.get(name);
    }
    field.addEventListener("input", (event) => {
      clearTimeout(timer);
      if (!event.isComposing) timer = setTimeout(changed, 120);
    });
    field.addEventListener("compositionend", () => { clearTimeout(timer); timer = setTimeout(changed, 120); });
    form.addEventListener("change", (event) => { if (event.target !== field) changed(); });
    form.addEventListener("submit", (event) => { event.preventDefault(); changed(); });
    more.addEventListener("click", async () => {
      const at = shown;
      await showMore(turn);
      const first = list.children[at];
      if (first) first.querySelector("a").focus();
    });
    if (!asked.size) field.focus();
    search();
  }
  addEventListener("load", () => { if (!meta) status.textContent = "索引文件读不出来：search/index.js"; });
})();
