// The counter's screen: candidates while somebody types. The page works without this file (a GET form).
// The box keeps the focus while results change; nothing is sent while an input method composes; an answer that comes late is dropped.
"use strict";
(() => {
  const form = document.getElementById("search");
  const box = document.getElementById("q");
  const results = document.getElementById("results");
  const count = document.getElementById("count");
  const WAIT = 120; // ms after the last key
  let composing = false;
  let timer = 0;
  let asked = 0; // the number of the newest request
  let shown = words(); // what the candidates on the screen are of
  let steps = Promise.resolve(); // arrow keys, one after the other: each waits for the candidates of what is typed

  box.focus({ preventScroll: true });
  box.setSelectionRange(box.value.length, box.value.length);
  addEventListener("pageshow", (event) => { if (event.persisted) box.focus({ preventScroll: true }); });

  function words() {
    const found = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value) found.set(name, value);
    return found.toString();
  }

  // A screen reader tells what changes in a live region that was there before: the count stays, its words change.
  function put(html) {
    const came = document.createElement("template");
    came.innerHTML = html;
    const counted = came.content.querySelector("#count");
    count.textContent = counted.textContent;
    counted.remove();
    results.replaceChildren(count, came.content);
  }

  async function look() {
    clearTimeout(timer);
    const wanted = words();
    const number = ++asked; // also where nothing is asked: an answer on its way is of other words
    if (wanted === shown) return true;
    try {
      const answer = await fetch("/results?" + wanted, { credentials: "same-origin" });
      const html = await answer.text();
      if (number !== asked) return false;
      if (!answer.ok) { location.assign("/?" + wanted); return false; }
      put(html);
      for (const link of results.querySelectorAll("[autofocus]")) link.removeAttribute("autofocus");
      shown = wanted;
      history.replaceState(null, "", wanted ? "/?" + wanted : "/");
      return true;
    } catch {
      if (number === asked) {
        const said = document.createElement("p");
        said.setAttribute("role", "alert");
        said.textContent = box.dataset.failed;
        count.textContent = "";
        results.replaceChildren(count, said); // no earlier candidates under other words
        shown = null;
      }
      return false;
    }
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(look, WAIT);
  }

  function links() {
    return [...results.querySelectorAll("a.candidate, a.go, a.near")];
  }

  box.addEventListener("compositionstart", () => { composing = true; clearTimeout(timer); });
  box.addEventListener("compositionend", () => { composing = false; soon(); });
  box.addEventListener("input", (event) => { if (!composing && !event.isComposing) soon(); });
  form.addEventListener("change", (event) => { if (event.target !== box) look(); });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (composing) return;
    if (await look()) (results.querySelector("a.candidate") || results.querySelector("a.go") || box).focus(); // never a neighbour of what the list lacks
  });
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.altKey || event.metaKey) return;
    const at = links().indexOf(document.activeElement);
    if (event.key === "Escape" && at >= 0) { box.focus(); return; }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    if (document.activeElement !== box && at < 0) return;
    event.preventDefault();
    steps = steps.then(() => step(event.key === "ArrowDown" ? 1 : -1));
  });

  async function step(by) {
    if (!await look()) return; // candidates that are about to be replaced are never chosen
    const at = links().indexOf(document.activeElement);
    if (document.activeElement !== box && at < 0) return;
    const next = at + by;
    (next < 0 ? box : links()[Math.min(next, links().length - 1)] || box).focus();
  }
})();
