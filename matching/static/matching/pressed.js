// A row's button that was pressed after the session had ended: the login throws the press away, so this tab keeps it,
// and the list offers it again to the same person. Nothing is sent by itself; what is no longer on the list as it was
// seen was written, or has changed, and is forgotten.
"use strict";
(() => {
  const KEPT = "sistema-os.pressed";
  const VERBS = ["accept", "reject", "undo"];
  const note = document.querySelector("#kept-row");
  const list = document.querySelector("#changelist-form");
  if (!note || !list) return;

  list.addEventListener("submit", ({ submitter }) => {
    if (!submitter || !VERBS.includes(submitter.name)) return;
    const words = submitter.getAttribute("aria-label") || note.querySelector("[data-words]").textContent;
    const pressed = { person: note.dataset.person, name: submitter.name, value: submitter.value, words };
    sessionStorage.setItem(KEPT, JSON.stringify(pressed));
  });

  const pressed = JSON.parse(sessionStorage.getItem(KEPT) || "null");
  sessionStorage.removeItem(KEPT);
  const signedIn = document.referrer && new URL(document.referrer).pathname.endsWith("/login/");
  if (!pressed || !signedIn || pressed.person !== note.dataset.person) return;
  const still = [...list.elements].some((row) => row.name === pressed.name && row.value === pressed.value);
  if (!still) return;
  const again = note.querySelector("button");
  again.name = pressed.name;
  again.value = pressed.value;
  note.querySelector("[data-words]").textContent = pressed.words;
  note.hidden = false;
  again.focus();
})();
