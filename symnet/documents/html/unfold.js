/* Every layer by itself, where a general step stands for many: what a fold holds is made when it is opened, from
   the template with marks that the page has once. */
"use strict";
{
  const filled = (unfolding, html, k) => {
    const marks = JSON.parse(unfolding.dataset.marks);
    return html.replace(/[\ue000-\uf8ff]/g, (mark) => marks[mark][0] + k * marks[mark][1]);
  };
  const pattern = (unfolding) => unfolding.querySelector(":scope > template").content.firstElementChild;

  const fill = (unfolding, fold, k) => {
    if (fold.childElementCount > 1) return;
    fold.innerHTML = filled(unfolding, pattern(unfolding).innerHTML, k);
    document.dispatchEvent(new Event("unfolded"));
  };

  /* The folds of an unfolding, made when it is first opened: nothing but what stands on them. */
  const folds = (unfolding) => {
    if (!unfolding.querySelector(":scope > details")) {
      const summary = pattern(unfolding).firstElementChild.outerHTML;
      for (let k = 0; k < Number(unfolding.dataset.count); k += 1) {
        const fold = pattern(unfolding).cloneNode();
        fold.innerHTML = filled(unfolding, summary, k);
        fold.addEventListener("toggle", () => fill(unfolding, fold, k));
        unfolding.append(fold);
      }
    }
    return unfolding.querySelectorAll(":scope > details");
  };

  /* Opens the fold that has what a link leads to. */
  const reveal = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    if (!id || document.getElementById(id)) return;
    for (const unfolding of document.querySelectorAll("details.unfolding")) {
      const html = pattern(unfolding).innerHTML;
      for (let k = 0; k < Number(unfolding.dataset.count); k += 1) {
        if (filled(unfolding, html, k).includes(` id="${id}"`)) {
          const fold = folds(unfolding)[k];
          fill(unfolding, fold, k);
          unfolding.open = fold.open = true;
          document.getElementById(id).scrollIntoView();
          return;
        }
      }
    }
  };

  for (const unfolding of document.querySelectorAll("details.unfolding")) {
    unfolding.addEventListener("toggle", () => folds(unfolding));
  }
  window.addEventListener("hashchange", reveal);
  reveal();
}
