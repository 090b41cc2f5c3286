// The search for any other guest: opens over the card, searches while one types, and moves by arrow keys. It only
// presses buttons that are on the page. Without this file the same form is a page of its own.
"use strict";
(() => {
  const TYPING_MS = 150;
  const find = (selector, inside = document) => inside.querySelector(selector);
  const read = async (url) => {
    const answer = await fetch(url);
    if (!answer.ok) throw new TypeError("no answer");
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  };
  let timer = 0;
  let latest = "";

  const open = async (link) => {
    const dialog = find("#pick");
    let found;
    try {
      found = find(".pick", await read(link.href));
    } catch {
      found = null;
    }
    if (!found || !dialog?.isConnected) return location.assign(link.href);
    dialog.replaceChildren(...found.childNodes);
    if (!dialog.open) dialog.showModal();
    find("[type=search]", dialog).focus();
  };

  const search = async (form) => {
    const url = `${location.pathname}?${new URLSearchParams(new FormData(form))}`;
    latest = url;
    const page = await read(url);
    if (latest !== url || !form.isConnected) return false;
    const hits = find("[data-hits]", page);
    find("[data-hits]", form.parentElement).replaceChildren(...hits.childNodes);
    form.dataset.shown = find("[type=search]", form).value;
    return true;
  };

  const buttons = (form) => [...form.parentElement.querySelectorAll(".hits button")];

  // Enter chooses the first hit of what is in the field now, not of what stood there before.
  const choose = async (form) => {
    clearTimeout(timer);
    const typed = find("[type=search]", form).value;
    if (!typed.trim()) return;
    const shown = form.dataset.shown ?? find("[type=search]", form).defaultValue;
    if (shown !== typed && !(await search(form))) return;
    buttons(form)[0]?.click();
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-pick]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      return open(link);
    }
    const back = event.target.closest("a[data-back]");
    if (!back || !back.closest("dialog")) return;
    event.preventDefault();
    find("#pick").close();
  });

  document.addEventListener("input", (event) => {
    const form = event.target.closest("[data-search]");
    if (!form) return;
    // What is shown no longer answers to the boxes.
    if (event.target.type === "checkbox") form.dataset.shown = "";
    clearTimeout(timer);
    timer = setTimeout(() => search(form).catch(() => {}), TYPING_MS);
  });

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-search]");
    if (!form) return;
    event.preventDefault();
    choose(form).catch(() => form.submit());
  });

  document.addEventListener("keydown", (event) => {
    const box = event.target.closest(".pick");
    const form = box && find("[data-search]", box);
    if (!form) return;
    // A search field would take the first Esc to empty itself.
    if (event.key === "Escape") {
      event.preventDefault();
      return find("a[data-back]", box)?.click();
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const stops = [find("[type=search]", form), ...buttons(form)];
    const at = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    stops[Math.min(Math.max(at, 0), stops.length - 1)].focus();
  });
})();
