// Warns one minute before the session of an unused screen ends, and then opens the page again, which leads to the
// sign-in and from there back to the same card. The server ends the session whether this runs or not.
{
  const script = document.currentScript;
  const limit = Number(script.dataset.minutes) * 60_000;
  let used = Date.now();
  let sent = used;
  let warning = null;

  const stay = () => {
    used = Date.now();
    warning?.remove();
    warning = null;
    // The server counts requests, not keys: one light request a minute while somebody types.
    if (used - sent > 60_000) {
      sent = used;
      fetch(location.href, { method: "HEAD", credentials: "same-origin" }).catch(() => {});
    }
  };

  const warn = () => {
    warning = document.createElement("p");
    warning.className = "note note-warn";
    warning.setAttribute("role", "alert");
    warning.textContent = script.dataset.warning;
    document.getElementById("content")?.prepend(warning);
  };

  for (const name of ["keydown", "pointerdown", "scroll"]) {
    addEventListener(name, stay, { passive: true });
  }
  setInterval(() => {
    const left = limit - (Date.now() - used);
    if (left < -2_000) location.reload();
    else if (left < 60_000 && !warning) warn();
  }, 5_000);
}
