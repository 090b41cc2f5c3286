'use strict';
// Keeps "12 s ago" true while the page stays open: every <time class="age" datetime="..."> is rewritten in place, in the
// page's language. Without JavaScript the server's absolute time stands, which stays right by itself.
{
    const units = [[86400, 'day'], [3600, 'hour'], [60, 'minute'], [1, 'second']];
    const words = new Intl.RelativeTimeFormat(document.documentElement.lang || 'pt-BR', {style: 'narrow'});

    function age(seconds) {
        const [size, unit] = units.find(([size]) => seconds >= size) || units[3];
        return words.format(-Math.floor(seconds / size), unit);
    }

    function refresh() {
        for (const element of document.querySelectorAll('time.age[datetime]')) {
            const seconds = Math.max(0, (Date.now() - Date.parse(element.dateTime)) / 1000);
            if (Number.isFinite(seconds)) {
                element.textContent = age(seconds);
            }
        }
    }

    refresh();
    setInterval(refresh, 1000);
}
