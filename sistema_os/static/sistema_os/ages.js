"use strict";
// Times that pass while the page stays open, by the server's clock: that of a hotel's PC may be minutes off. Without
// JavaScript the server's own words are shown.
// <time class="age" datetime="..."> becomes "7 h 46 min ago", or "in 22 min" for a time to come.
// <time class="left" datetime="..." data-now="..." data-over="..."> counts down and shows `data-over` when it is up.
// A chip with data-late and data-old turns late and old at those times.
{
  const portuguese = (document.documentElement.lang || "pt").startsWith("pt");
  const meta = document.querySelector("meta[name=server-time]");
  const navigation = performance.getEntriesByType("navigation")[0];
  const received = performance.timeOrigin + (navigation?.responseStart || 0);
  const skew = meta ? Date.parse(meta.content) - received : 0;
  const serverNow = () => Date.now() + skew;

  const length = (seconds) => {
    const minutes = Math.floor(seconds / 60);
    const hours = Math.floor(minutes / 60);
    const days = Math.floor(hours / 24);
    const dayWord = portuguese ? (days === 1 ? "dia" : "dias") : days === 1 ? "day" : "days";
    if (days) return `${days} ${dayWord}${hours % 24 ? ` ${hours % 24} h` : ""}`;
    if (hours) return `${hours} h${minutes % 60 ? ` ${minutes % 60} min` : ""}`;
    return minutes ? `${minutes} min` : `${Math.floor(seconds)} s`;
  };

  const age = (element) => {
    const seconds = (serverNow() - Date.parse(element.dateTime)) / 1000;
    if (!Number.isFinite(seconds)) return;
    const words = length(Math.abs(seconds));
    const past = portuguese ? `há ${words}` : `${words} ago`;
    const text = seconds >= 0 ? past : portuguese ? `em ${words}` : `in ${words}`;
    if (element.textContent !== text) element.textContent = text;
  };

  const left = (element) => {
    element.skew ??= Date.parse(element.dataset.now) - Date.now();
    const seconds = Math.ceil((Date.parse(element.dateTime) - Date.now() - element.skew) / 1000);
    if (!Number.isFinite(seconds)) return;
    const two = String(Math.max(seconds, 0) % 60).padStart(2, "0");
    element.textContent = seconds > 0 ? `${Math.floor(seconds / 60)}:${two}` : element.dataset.over;
    element.classList.toggle("over", seconds <= 0);
  };

  const turn = (chip) => {
    const now = serverNow();
    const old = now > Date.parse(chip.dataset.old);
    if (!old && now <= Date.parse(chip.dataset.late)) return;
    const [css, word] = old ? ["chip-bad", chip.dataset.oldWord] : ["chip-warn", chip.dataset.lateWord];
    if (chip.classList.contains("chip-bad") || chip.classList.contains(css)) return;
    chip.className = `chip ${css}`;
    chip.textContent = word;
  };

  const refresh = () => {
    document.querySelectorAll("time.left[datetime]").forEach(left);
    document.querySelectorAll("time.age[datetime]").forEach(age);
    document.querySelectorAll(".chip[data-old]").forEach(turn);
  };

  refresh();
  setInterval(refresh, 1000);
  document.addEventListener("refetched", refresh);
}
