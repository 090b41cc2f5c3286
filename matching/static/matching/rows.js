// The suggestion list: "Reject…" asks for the reason as the card does, and after a decision the list stands where it
// stood. Without this file a row's button rejects without a reason, and the address of the row keeps the place.
"use strict";
(() => {
  const PLACE = "sistema-os.place";
  const list = document.querySelector("#changelist-form");
  const why = document.querySelector("#why");
  if (!list || !why) return;
  let asked = null;

  list.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-asks]");
    if (!button || button === asked) return;
    event.preventDefault();
    why.querySelector("[data-which]").textContent =
      button.closest("tr")?.querySelector(".req")?.textContent || button.getAttribute("aria-label");
    why.reject = button;
    why.showModal();
  });

  why.addEventListener("click", (event) => {
    const chosen = event.target.closest("button");
    if (!chosen) return;
    why.close();
    if (!("reason" in chosen.dataset)) return why.reject.focus();
    const reason = document.createElement("input");
    reason.type = "hidden";
    reason.name = "reason";
    reason.value = chosen.dataset.reason;
    list.append(reason);
    asked = why.reject;
    asked.click();
  });

  list.addEventListener("submit", () => {
    sessionStorage.setItem(PLACE, JSON.stringify({ path: location.pathname + location.search, y: scrollY }));
  });
  const place = JSON.parse(sessionStorage.getItem(PLACE) || "null");
  sessionStorage.removeItem(PLACE);
  if (place?.path === location.pathname + location.search && location.hash.startsWith("#s-")) scrollTo(0, place.y);
})();
