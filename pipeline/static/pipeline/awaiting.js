"use strict";
// Between the import and the daily pipeline no run is live: load the page again until the next one is there.
if (document.querySelector("[data-await]")) {
  setTimeout(() => location.reload(), 2000);
}
