// Runs before the page is drawn, so that it never flashes in the wrong colours.
"use strict";
(function () {
  var theme = null;
  try { theme = localStorage.getItem("arxiv-daily-theme"); } catch (error) { /* storage may be switched off */ }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  document.documentElement.classList.add("js");
})();
