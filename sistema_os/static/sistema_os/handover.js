"use strict";
// The handover sheet: the print button, and the note that is saved while one types. Without this file the note has a
// button, and the browser's own menu prints.
{
  const PAUSE_MS = 800;
  const print = document.querySelector("[data-print]");
  const form = document.querySelector("[data-autosave]");
  const saved = document.querySelector("[data-saved]");

  if (print) {
    print.hidden = false;
    print.addEventListener("click", () => window.print());
  }
  if (form) {
    const copy = document.querySelector("[data-note-copy]");
    let timer = 0;
    const save = async () => {
      clearTimeout(timer);
      timer = 0;
      try {
        const answer = await fetch(location.href, {
          method: "POST",
          body: new URLSearchParams(new FormData(form)),
          headers: { "X-Autosave": "1" },
        });
        if (!answer.ok) throw new Error("not saved");
        saved.textContent = `${form.dataset.savedWord} ${(await answer.json()).at}`;
      } catch {
        saved.textContent = form.dataset.lostWord;
        timer = setTimeout(save, 10 * PAUSE_MS);
      }
    };
    form.addEventListener("input", () => {
      copy.innerText = form.elements.text.value;
      clearTimeout(timer);
      timer = setTimeout(save, PAUSE_MS);
    });
    // Whoever leaves the page in the middle of a pause has typed for nothing otherwise.
    addEventListener("pagehide", () => {
      if (!timer) return;
      const note = new URLSearchParams(new FormData(form));
      fetch(location.href, { method: "POST", body: note, headers: { "X-Autosave": "1" }, keepalive: true });
    });
  }
}
