"use strict";
// Updates relative ages ("12 s ago") while the page stays open: every <time class="age" datetime="..."> is rewritten
// in the page's language. Without JavaScript the server's absolute time is shown.
// <time class="left" datetime="..." data-now="..." data-over="..."> counts down by the server's clock and shows
// `data-over` when the time is up.
{
  const units = [
    [86400, "day"],
    [3600, "hour"],
    [60, "minute"],
    [1, "second"],
  ];
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang || "pt-BR", { style: "narrow" });

  function age(seconds) {
    const [size, unit] = units.find(([size]) => seconds >= size) || units[3];
    return words.format(-Math.floor(seconds / size), unit);
  }

  function left(element) {
    // The clock of a hotel's PC may be minutes off: only the difference to the server's is trusted.
    element.skew ??= Date.parse(element.dataset.now) - Date.now();
    const seconds = Math.ceil((Date.parse(element.dateTime) - Date.now() - element.skew) / 1000);
    if (!Number.isFinite(seconds)) return;
    const two = String(Math.max(seconds, 0) % 60).padStart(2, "0");
    element.textContent = seconds > 0 ? `${Math.floor(seconds / 60)}:${two}` : element.dataset.over;
    element.classList.toggle("over", seconds <= 0);
  }

  function refresh() {
    document.querySelectorAll("time.left[datetime]").forEach(left);
    for (const element of document.querySelectorAll("time.age[datetime]")) {
      const seconds = Math.max(0, (Date.now() - Date.parse(element.dateTime)) / 1000);
      if (Number.isFinite(seconds)) {
        element.textContent = age(seconds);
      }
    }
  }

  refresh();
  setInterval(refresh, 1000);
}
