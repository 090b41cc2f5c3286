// Keys of the review card. Every key presses a button or follows a link that is on the page: nothing here decides.
"use strict";
(() => {
  const dialog = document.querySelector("dialog.keys");
  const help = document.querySelector("[data-help]");
  const why = document.querySelector("#why");
  const single = dialog.dataset.singleKeys === "on";
  let pressed = false;

  help.hidden = false;
  help.addEventListener("click", () => dialog.showModal());

  const typing = (target) => target.closest("input, textarea, select, [contenteditable]");
  const wanted = (key) =>
    [...document.querySelectorAll("[data-key]")].find(
      (el) => el.dataset.key === key || el.dataset.also === key,
    );

  const reject = document.querySelector("[data-key=R]");
  const told = document.createElement("input");
  told.type = "hidden";
  let asked = false;
  if (why) {
    // The dialog asks instead of the list beside the button.
    told.name = "reason";
    document.querySelector("select[name=reason]").closest("label").replaceWith(told);
    reject.addEventListener("click", (event) => {
      if (asked) return;
      event.preventDefault();
      why.showModal();
    });
  }
  const reasons = why ? [...why.querySelectorAll("[data-reason]")] : [];
  reasons.forEach((button) =>
    button.addEventListener("click", () => {
      why.close();
      told.value = button.dataset.reason;
      asked = true;
      reject.click();
    }),
  );
  // R again is the last of them: without a reason.
  const reason = (key) => (key === "R" ? reasons.at(-1) : /^[1-9]$/.test(key) ? reasons.slice(0, -1)[key - 1] : null);

  document.addEventListener("keydown", (event) => {
    // A key held down repeats; a decision must not.
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (why?.open) return reason(event.key.toUpperCase())?.click();
    if (dialog.open || typing(event.target)) return;
    if (event.key === "?") return dialog.showModal();
    if (!single) return;
    const key = event.key === " " ? " " : event.key.toUpperCase();
    // Space on a focused button or link belongs to it.
    if (key === " " && event.target.closest("button, a, summary")) return;
    const element = wanted(key);
    if (!element || pressed) return;
    event.preventDefault();
    element.click();
  });

  // One submission a page: the second click of a double click finds nothing to press.
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    if (pressed) event.preventDefault();
    pressed = true;
  });
  // A page that comes back from the history may be pressed again.
  addEventListener("pageshow", () => (pressed = asked = false));
})();
