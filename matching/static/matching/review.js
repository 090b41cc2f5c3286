// Keys of the review card. Every key presses a button or follows a link that is on the page: nothing here decides.
// The card is replaced in place (deciding.js), so nothing here holds on to an element of it.
"use strict";
(() => {
  const find = (selector) => document.querySelector(selector);
  const typing = (target) => target.closest("input, textarea, select, [contenteditable]");
  const wanted = (key) =>
    [...document.querySelectorAll("[data-key]")].find((el) => el.dataset.key === key || el.dataset.also === key);

  const prepare = () => {
    const help = find("[data-help]");
    if (help) help.hidden = false;
    if (!find("#why")) return;
    // The dialog asks instead of the list beside the button.
    const told = document.createElement("input");
    told.type = "hidden";
    told.name = "reason";
    find("select[name=reason]")?.closest("label").replaceWith(told);
  };

  const tell = (reason) => {
    const told = find("input[name=reason]");
    find("#why").close();
    told.value = reason;
    told.dataset.told = "";
    find("[data-key=R]").click();
  };

  // R again is the last of them: without a reason.
  const reason = (key) => {
    const reasons = [...document.querySelectorAll("#why [data-reason]")];
    return key === "R" ? reasons.at(-1) : /^[1-9]$/.test(key) ? reasons.slice(0, -1)[key - 1] : null;
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.matches("[data-help]")) return find("dialog.keys").showModal();
    if (button?.matches("[data-reason]")) return tell(button.dataset.reason);
    const asks = button?.matches("[data-key=R]") && find("input[name=reason]:not([data-told])");
    if (!asks) return;
    event.preventDefault();
    find("#why").showModal();
  });

  // Whether the numbers are unfolded is kept with the person.
  document.addEventListener("click", (event) => {
    const fold = event.target.closest(".fold > summary")?.parentElement;
    if (!fold) return;
    const body = new URLSearchParams({ numbers_open: fold.open ? "closed" : "open" });
    body.append("csrfmiddlewaretoken", find("[name=csrfmiddlewaretoken]").value);
    fetch(location.pathname, { method: "POST", body, keepalive: true }).catch(() => {});
  });

  document.addEventListener("keydown", (event) => {
    // A key held down repeats; a decision must not, neither by its letter nor by Enter on its button.
    if (event.repeat && event.target.closest("button")) return event.preventDefault();
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (find("#why")?.open) return reason(event.key.toUpperCase())?.click();
    if (find("dialog[open]") || typing(event.target)) return;
    if (event.key === "?") return find("dialog.keys")?.showModal();
    if (find("dialog.keys")?.dataset.singleKeys !== "on") return;
    const key = event.key === " " ? " " : event.key.toUpperCase();
    // Space on a focused button or link belongs to it.
    if (key === " " && event.target.closest("button, a, summary")) return;
    const element = wanted(key);
    if (!element || find("main[aria-busy=true]")) return;
    event.preventDefault();
    if (element.matches("input")) return element.focus();
    element.click();
  });

  document.addEventListener("review:shown", prepare);
  prepare();
})();
