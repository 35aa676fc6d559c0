// Splits text into terms as summarizer/publish/reader/index.py does; a test compares the two.
"use strict";
(function (scope) {
  const han = /[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{323af}]+/gu;
  const maxTerm = 40;
  const isHan = (text) => new RegExp(`^${han.source}`, "u").test(text);
  const clip = (text) => Array.from(text).slice(0, maxTerm).join("");

  // -> [{term, prefix}]: a term that is a prefix finds every term that begins with it
  function query(text) {
    const folded = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().normalize("NFC");
    const found = new Map();
    const add = (term, prefix) => { if (!found.has(term)) found.set(term, { term, prefix }); };
    for (const word of folded.match(/[\p{L}\p{N}]+/gu) || []) {
      let at = 0;
      for (const run of word.matchAll(han)) {
        if (run.index > at) add(clip(word.slice(at, run.index)), true);
        const characters = Array.from(run[0]);
        if (characters.length === 1) add(characters[0], true);
        for (let i = 0; i + 1 < characters.length; i++) add(characters[i] + characters[i + 1], false);
        at = run.index + run[0].length;
      }
      if (at < word.length) add(clip(word.slice(at)), true);
    }
    return Array.from(found.values());
  }

  function part(term, parts) {
    const characters = Array.from(term);
    const key = isHan(term) ? characters.slice(0, 1) : characters.slice(0, 2);
    let value = 7;
    for (const character of key) value = (value * 31 + character.codePointAt(0)) % 1000003;
    return value % parts;
  }

  scope.readerTerms = { query, part, isHan };
})(globalThis);
