// The workbench beyond plain forms: drafts save themselves, the next task arrives without leaving the page, the clock runs.
import { startClock } from "./work-clock.js";

const SAVE_AFTER = 1500;
const token = () => document.querySelector("meta[name=csrf-token]").content;
let clock = startClock(token);
let pending = null;
let changed = false;

const bench = () => document.querySelector("form[data-workbench]");

document.addEventListener("input", (event) => {
  if (!bench()?.contains(event.target)) return;
  changed = true;
  clearTimeout(pending);
  pending = setTimeout(saveDraft, SAVE_AFTER);
});

document.addEventListener("submit", (event) => {
  if (event.target !== bench()) return;
  event.preventDefault();
  send(event.target, event.submitter);
});

// Leaving in the middle of a word loses nothing: the draft goes along.
addEventListener("pagehide", () => {
  const form = bench();
  if (changed && form) fetch(form.dataset.draft, { method: "POST", body: new FormData(form), headers: { "X-CSRFToken": token() }, keepalive: true });
});

async function saveDraft() {
  const form = bench();
  if (!form) return;
  clearTimeout(pending);
  const words = document.querySelector("[data-draft-state]");
  try {
    const answer = await fetch(form.dataset.draft, { method: "POST", body: new FormData(form), headers: { "X-CSRFToken": token() } });
    if (!answer.ok) throw new Error(String(answer.status));
    const { saved_at: savedAt } = await answer.json();
    changed = false;
    showSaved(words, savedAt);
  } catch {
    if (words) words.textContent = words.dataset.unsaved;
    pending = setTimeout(saveDraft, 5000);
  }
}

// saved.js counts on: "Draft saved 2 s ago".
function showSaved(words, savedAt) {
  if (!words) return;
  const time = document.createElement("time");
  time.className = "saved";
  time.dateTime = savedAt;
  Object.assign(time.dataset, { saved: "", now: words.dataset.now, seconds: words.dataset.seconds, minutes: words.dataset.minutes });
  time.textContent = words.dataset.now;
  words.replaceChildren(`${words.dataset.done} `, time);
}

async function send(form, submitter) {
  clearTimeout(pending);
  const url = submitter?.getAttribute("formaction") ?? form.getAttribute("action");
  const buttons = [...form.querySelectorAll("button")];
  const body = new FormData(form);
  for (const button of buttons) button.disabled = true;
  try {
    const answer = await fetch(url, { method: "POST", body, headers: { "X-CSRFToken": token() } });
    changed = false;
    await show(answer);
  } catch {
    // The network is gone: nothing was lost, the form stays as it is and can be sent again.
    for (const button of buttons) button.disabled = false;
    saveDraft();
  }
}

// The answer is the next task's page, the same page with an error, or wherever a redirect led.
async function show(answer) {
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const main = page.getElementById("main");
  if (answer.redirected || !main?.querySelector("form[data-workbench]")) {
    if (answer.redirected || answer.ok) {
      location.assign(answer.url);
      return;
    }
    document.getElementById("main").replaceWith(main ?? page.body);
    return;
  }
  document.title = page.title;
  document.getElementById("main").replaceWith(main);
  const place = answer.headers.get("Content-Location");
  if (place) history.replaceState(null, "", place);
  scrollTo(0, 0);
  (main.querySelector("[data-error-summary]") ?? main).focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("htmx:after:swap"));
  clock.attach();
}
