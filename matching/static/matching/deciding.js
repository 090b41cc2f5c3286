// Sends what was pressed on the review card and puts the next card in its place. Without this file each form posts by
// itself. What was pressed is kept in this tab until the server has answered: neither a network that is away nor a
// session that has ended loses a decision, and the version that goes with it lets none count twice.
"use strict";
(() => {
  const KEPT = "sistema-os.kept";
  const PATIENCE_MS = 15000;
  const LONGEST_WAIT_MS = 8000;
  // So long after a new card a click was still meant for the one before: the second half of a double click.
  const SETTLED_MS = 350;
  const main = document.querySelector("main");
  const find = (selector) => document.querySelector(selector);
  const person = () => find("[data-review]")?.dataset.review;
  const busy = (yes) => main.setAttribute("aria-busy", String(yes));
  let shownAt = 0;

  const said = document.createElement("div");
  said.className = "visually-hidden";
  said.setAttribute("role", "status");
  document.body.append(said);

  const forget = () => sessionStorage.removeItem(KEPT);
  const kept = () => JSON.parse(sessionStorage.getItem(KEPT) || "null");
  const keep = (form, button) => {
    const fields = [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
    if (button?.name) fields.push([button.name, button.value]);
    const label = button?.getAttribute("aria-label") || button?.firstChild?.textContent || "";
    const card = ["main [data-order]", "main h1"].map((part) => find(part)?.textContent.trim());
    const words = [label.trim(), ...card].filter(Boolean).join(" · ");
    const target = new URL(form.getAttribute("action") || location.href, location.href);
    const decision = { person: person(), path: target.pathname + target.search, fields, words };
    sessionStorage.setItem(KEPT, JSON.stringify(decision));
    return decision;
  };

  const ask = async (path, options = {}) => {
    const answer = await fetch(path, { ...options, signal: AbortSignal.timeout(PATIENCE_MS) });
    if ([502, 503, 504].includes(answer.status)) throw new TypeError("the server is away");
    return { answer, page: new DOMParser().parseFromString(await answer.text(), "text/html") };
  };

  // Until the network says it is back, or so long.
  const pause = (ms) =>
    new Promise((resolve) => {
      addEventListener("online", resolve, { once: true });
      setTimeout(resolve, ms);
    });

  const insist = async (asking, words) => {
    for (let wait = 500; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      try {
        return await asking();
      } catch {
        const away = find("#away");
        away.querySelector("[data-words]").textContent = words;
        away.hidden = false;
        await pause(wait);
      }
    }
  };

  const show = (page, url) => {
    main.replaceChildren(...page.querySelector("main").childNodes);
    document.title = page.title;
    document.body.className = page.body.className;
    if (url !== location.href) history.pushState(null, "", url);
    scrollTo(0, 0);
    main.focus({ preventScroll: true });
    busy(false);
    shownAt = performance.now();
    const news = [".messagelist li", ".toast > span", "[data-order]", "h1"].flatMap((kind) => [
      ...main.querySelectorAll(kind),
    ]);
    said.textContent = news.map((element) => element.textContent.trim().replace(/\s+/g, " ")).join(". ");
    document.dispatchEvent(new Event("review:shown"));
  };

  const offer = (why) => {
    const decision = kept();
    const dialog = find("#kept");
    if (!decision || !dialog) return;
    if (decision.person !== person()) return forget();
    dialog.querySelector("[data-words]").textContent = decision.words;
    if (why) dialog.querySelector("[data-why]").textContent = why;
    dialog.showModal();
  };

  const deliver = async (decision) => {
    busy(true);
    const post = () => {
      const body = new URLSearchParams(decision.fields);
      body.append("csrfmiddlewaretoken", find("[name=csrfmiddlewaretoken]").value);
      return ask(decision.path, { method: "POST", body, headers: { "X-Card": "next" } });
    };
    const { answer, page } = await insist(post, decision.words);
    if (answer.ok && page.querySelector("[data-review]")) {
      forget();
      return show(page, answer.url);
    }
    // Whoever signs in again, here or in another tab, comes back to the card and is asked.
    if (page.querySelector("body.login")) return location.assign(answer.url);
    if (answer.status === 403 && !decision.again) {
      sessionStorage.setItem(KEPT, JSON.stringify({ ...decision, again: true }));
      return location.reload();
    }
    busy(false);
    find("#away").hidden = true;
    return offer(page.querySelector("h1")?.textContent);
  };

  const walk = async (link) => {
    busy(true);
    const { answer, page } = await insist(() => ask(link.href), link.firstChild.textContent.trim());
    if (answer.ok && page.body.classList.contains("review")) return show(page, answer.url);
    return location.assign(link.href);
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || !main.contains(form)) return;
    if (form.id === "kept-form") {
      event.preventDefault();
      find("#kept").close();
      return deliver(kept());
    }
    if (!document.body.classList.contains("review")) return;
    event.preventDefault();
    if (main.getAttribute("aria-busy") === "true") return;
    deliver(keep(form, event.submitter));
  });

  document.addEventListener(
    "click",
    (event) => {
      const early = event.detail > 0 && performance.now() - shownAt < SETTLED_MS;
      if (early && shownAt && event.target.closest(".actionbar, .alts, .folk, .hits")) {
        event.preventDefault();
        return event.stopPropagation();
      }
      if (event.target.closest("[data-forget]")) return forget();
      const link = event.target.closest(".actionbar a[data-key]:not([data-pick])");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      if (main.getAttribute("aria-busy") !== "true") walk(link);
    },
    true,
  );

  // Esc on the question is its second answer.
  document.addEventListener("cancel", (event) => event.target.id === "kept" && forget(), true);
  addEventListener("popstate", () => location.reload());
  // A page that comes back from the history may be pressed again.
  addEventListener("pageshow", (event) => event.persisted && busy(false));
  offer();
})();
