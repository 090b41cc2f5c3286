"use strict";
// What the header and the menu of phones do better with a script; both work without one.
{
  const me = document.querySelector("details.me");
  const sheet = document.querySelector("#menu");

  const follow = () => {
    const shown = location.hash === "#menu";
    // What lies under the sheet is neither read aloud nor reached by Tab.
    document.querySelector("#container").inert = shown;
    document.querySelector(".tabbar").inert = shown;
    if (shown) sheet.focus({ preventScroll: true });
  };

  document.addEventListener("click", (event) => {
    if (me?.open && !me.contains(event.target)) me.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (me?.open) {
      me.open = false;
      me.querySelector("summary").focus();
    } else if (sheet && location.hash === "#menu") {
      location.hash = "#content-start";
    }
  });
  if (sheet) {
    addEventListener("hashchange", follow);
    follow();
  }
}
