// "Saved 2 s ago": <time data-saved datetime="…"> keeps counting. Words come from the page, so they are translated there.
// data-now="just now" data-seconds="{n} s ago" data-minutes="{n} min ago"

export function wordsFor(seconds, words) {
  if (seconds < 2) return words.now;
  if (seconds < 60) return words.seconds.replace("{n}", String(Math.floor(seconds)));
  return words.minutes.replace("{n}", String(Math.floor(seconds / 60)));
}

export function keepSaved(root = document, now = () => Date.now()) {
  const update = () => {
    for (const element of root.querySelectorAll("time[data-saved]")) {
      const seconds = Math.max(0, (now() - Date.parse(element.dateTime)) / 1000);
      const text = wordsFor(seconds, element.dataset);
      if (element.textContent !== text) element.textContent = text;
    }
  };
  update();
  return setInterval(update, 1000);
}
