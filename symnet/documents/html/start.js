"use strict";
// before anything is shown: there is a script, and the colours that were chosen the last time
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const theme = localStorage.getItem("symnet.theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch { /* nothing is remembered where storage is shut */ }
})();
