'use strict';
// Keeps "12 s ago" true while the page stays open: every <time class="age" datetime="..."> is rewritten
// in place. Without JavaScript the server's text stands, which is right for the moment it was sent.
{
    const units = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];

    function words(seconds) {
        const [size, unit] = units.find(([size]) => seconds >= size) || units[3];
        return `${Math.floor(seconds / size)} ${unit}`;
    }

    function refresh() {
        for (const element of document.querySelectorAll('time.age[datetime]')) {
            const seconds = (Date.now() - Date.parse(element.dateTime)) / 1000;
            if (seconds >= 0) {
                element.textContent = words(seconds);
            }
        }
    }

    refresh();
    setInterval(refresh, 1000);
}
