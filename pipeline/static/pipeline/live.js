"use strict";
// Follows a run on the open page: numbers are replaced in place, nothing moves. The server answers 304 while
// there was no new heartbeat. Without JavaScript the page shows what was true when it was sent.
for (const card of document.querySelectorAll("[data-run]")) {
  // The page of one run shows its state outside the card as well; the dashboard shows other runs there.
  const scope = "reload" in card.dataset ? document : card;
  const field = (name) => scope.querySelector(`[data-f="${name}"]`);
  const write = (name, text) => {
    const element = field(name);
    if (element && element.textContent !== text) {
      element.textContent = text;
    }
  };
  let etag = "";

  const show = (run) => {
    write("state", run.state);
    write("phase", run.phase);
    write("number", String(run.number));
    write("done", String(run.done));
    write("total", run.total === null ? "" : String(run.total));
    write("rate", run.rate || "—");
    write("left", run.left || "—");
    if (field("counted")) {
      field("counted").hidden = run.total === null;
    }
    const bar = field("bar");
    if (run.total === null) {
      bar.removeAttribute("value");
    } else {
      bar.max = Math.max(run.total, 1);
      bar.value = run.done;
    }
    if (run.beat_at && field("beat")) {
      field("beat").dateTime = run.beat_at;
    }
    if (field("state")) {
      field("state").className = `chip ${run.chip}`;
    }
  };

  const poll = async () => {
    let over = false;
    try {
      const answer = await fetch(card.dataset.run, {
        headers: etag ? { "If-None-Match": etag } : {},
        cache: "no-store",
      });
      if (answer.status === 200) {
        etag = answer.headers.get("ETag") || "";
        const run = await answer.json();
        show(run);
        over = !run.live;
      }
    } catch {
      over = false; // the network is away: what stands on the page ages by itself
    }
    if (over && "reload" in card.dataset) {
      location.reload();
    } else if (!over) {
      setTimeout(poll, document.hidden ? 15000 : 3000);
    }
  };
  setTimeout(poll, 1000);
}
