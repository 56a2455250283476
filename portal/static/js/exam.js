// An exam's page: answers save themselves on every change, and the time left is said in good time. The page works without it.
// What has not reached us yet is kept on this device and sent again with the same nonce, so that nothing is kept twice.

const RETRY = 5000;
const KEPT = `touchstone.exam:${location.pathname}`;
const AT = [10, 5, 1];

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function write(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Without storage the answer stays in the form of this page.
  }
}

function keepAnswers(form) {
  const state = form.querySelector("[data-exam-state]");
  let sending = false;
  let waiting = read(KEPT);

  const show = (words, at = "") => {
    const text = at ? `${words} ${at}` : words;
    if (state.textContent.trim() !== text) state.textContent = text;
  };

  const collect = () => {
    const data = new FormData(form);
    data.set("nonce", crypto.randomUUID());
    data.set("go", "stay");
    return [...data].filter(([name]) => name !== "csrf_token");
  };

  const send = async () => {
    if (sending || !waiting) return;
    sending = true;
    const sent = waiting;
    try {
      const body = new URLSearchParams(sent);
      body.set("csrf_token", form.elements.csrf_token.value);
      const answer = await fetch(form.action || location.href, { method: "POST", body, headers: { Accept: "application/json" } });
      if (answer.status >= 500) throw new Error("not with us yet");
      if (answer.redirected || answer.status === 401) throw new Error("signed out");
      if (waiting === sent) {
        waiting = null;
        write(KEPT, null);
      }
      if (answer.ok) {
        const { saved } = await answer.json();
        show(form.dataset.wordsSaved, new Date(saved).toLocaleTimeString());
      } else {
        const told = await answer.json().catch(() => ({}));
        show(told.detail ?? told.title ?? "");
      }
    } catch {
      show(form.dataset.wordsKept);
    }
    sending = false;
    if (waiting && waiting !== sent) await send();
  };

  const change = () => {
    waiting = collect();
    write(KEPT, waiting);
    show(form.dataset.wordsSaving);
    send();
  };

  form.addEventListener("change", change);
  // A submit sends everything itself; what was on its way is older than that.
  form.addEventListener("submit", () => {
    waiting = null;
    write(KEPT, null);
  });
  addEventListener("online", send);
  setInterval(send, RETRY);
  send();
}

function tellTime(element) {
  const ahead = Date.now() - Date.parse(element.dataset.now);
  const deadline = Date.parse(element.dataset.deadline);
  const announce = document.querySelector("[data-exam-announce]");
  let last = null;
  const update = () => {
    const left = deadline - (Date.now() - ahead);
    const minutes = Math.max(0, Math.floor(left / 60000));
    const text = left <= 0 ? element.dataset.wordsOver : element.dataset.words.replace("{n}", String(minutes));
    if (element.textContent !== text) element.textContent = text;
    const due = AT.filter((one) => left <= one * 60000 && (last === null ? left > (one - 1) * 60000 : last > one * 60000));
    if (announce && due.length && left > 0) {
      const soon = Math.min(...due);
      announce.textContent = soon === 1 ? announce.dataset.wordsOne : announce.dataset.words.replace("{n}", String(soon));
    }
    last = left;
  };
  update();
  setInterval(update, 1000);
}

for (const form of document.querySelectorAll("form[data-exam]")) keepAnswers(form);
for (const element of document.querySelectorAll("[data-exam-clock]")) tellTime(element);
