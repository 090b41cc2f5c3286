"use strict";
// Fetches the figures of an open page again, once a minute while somebody can see it. After three minutes without an
// answer the page says so, and what was up to date no longer claims to be.
{
  const EVERY_MS = 60000;
  const STALE_MS = 180000;
  const live = document.querySelector("[data-refetch]");
  const note = document.querySelector("#stale");
  const time = new Intl.DateTimeFormat(document.documentElement.lang || "pt-BR", { timeStyle: "short" });
  let answered = Date.now();
  let asking = false;

  const replace = (fresh) => {
    // What has the focus keeps it: by its place among the links and buttons of the same words.
    const focused = live.contains(document.activeElement) ? document.activeElement : null;
    live.replaceChildren(...fresh.childNodes);
    if (!focused) return;
    const same = [...live.querySelectorAll(focused.tagName)].find(
      (element) => element.getAttribute("href") === focused.getAttribute("href") && element.id === focused.id,
    );
    same?.focus({ preventScroll: true });
  };

  const stale = () => {
    note.querySelector("[data-since]").textContent = time.format(answered);
    note.hidden = false;
    live.classList.add("stale");
    for (const chip of live.querySelectorAll(".chip[data-old]")) {
      chip.className = "chip chip-bad";
      chip.textContent = chip.dataset.oldWord;
    }
  };

  const ask = async () => {
    if (document.hidden || asking) return;
    asking = true;
    try {
      const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(20000) });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-refetch]");
      if (!answer.ok || !fresh) throw new Error("not this page");
      answered = Date.now();
      note.hidden = true;
      live.classList.remove("stale");
      replace(fresh);
      const [shown, asOf] = [document, page].map((each) => each.querySelector("[data-as-of]"));
      if (shown && asOf) shown.replaceWith(asOf);
      document.dispatchEvent(new Event("refetched"));
    } catch {
      if (Date.now() - answered >= STALE_MS) stale();
    }
    asking = false;
  };

  if (live && note) {
    setInterval(ask, EVERY_MS);
    document.addEventListener("visibilitychange", () => {
      if (Date.now() - answered >= EVERY_MS) ask();
    });
  }
}
