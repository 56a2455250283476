// An exam's page: answers save themselves on every change, and the time left is said in good time. The page works without it.
// What has not reached us yet is kept on this device and sent again with the same nonce, so that nothing is kept twice.
// What the page notices (away, pasted, offline: amounts only) goes along with an answer; "What we record about you" lists it.

const RETRY = 5000;
const WRITING = 1500;
const KEPT = `touchstone.exam:${location.pathname}`;
const AT = [10, 5, 1];
const GRACE = 31000;
let countTo = () => {};

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

function notice(form) {
  const amounts = { away: 0, pasted: 0, offline: 0 };
  let left = null;
  const leave = () => {
    left ??= Date.now();
  };
  const back = () => {
    if (left !== null) amounts.away += (Date.now() - left) / 1000;
    left = null;
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : back()));
  addEventListener("blur", leave);
  addEventListener("focus", back);
  form.addEventListener("paste", (event) => {
    amounts.pasted += event.clipboardData?.getData("text").length ?? 0;
  });
  return {
    amounts,
    take() {
      const taken = Object.entries(amounts).filter(([, amount]) => amount > 0);
      for (const [name] of taken) amounts[name] = 0;
      return taken.map(([name, amount]) => [name, amount.toFixed(1)]);
    },
  };
}

function keepAnswers(form) {
  const state = form.querySelector("[data-exam-state]");
  const noticed = notice(form);
  let sending = false;
  let waiting = read(KEPT);
  let lost = waiting?.find(([name]) => name === "lost")?.[1] ?? null;

  const show = (words, at = "") => {
    const text = at ? `${words} ${at}` : words;
    if (state.textContent.trim() !== text) state.textContent = text;
  };

  const collect = () => {
    const data = new FormData(form);
    data.set("nonce", crypto.randomUUID());
    data.set("go", "stay");
    return [...data, ...noticed.take()].filter(([name]) => name !== "csrf_token");
  };

  const keep = () => write(KEPT, lost ? [...waiting, ["lost", lost]] : waiting);

  const settled = async (answer) => {
    if (!answer.ok) {
      const told = await answer.json().catch(() => ({}));
      show(told.detail ?? told.title ?? "");
      return;
    }
    const { saved, ends } = await answer.json();
    show(form.dataset.wordsSaved, new Date(saved).toLocaleTimeString());
    countTo(ends);
  };

  const send = async () => {
    if (sending || !waiting) return;
    sending = true;
    const sent = waiting;
    try {
      const body = new URLSearchParams(sent.filter(([name]) => name !== "lost"));
      if (lost) body.set("offline", ((Date.now() - Number(lost)) / 1000).toFixed(1));
      body.set("csrf_token", form.elements.csrf_token.value);
      const answer = await fetch(form.action || location.href, { method: "POST", body, headers: { Accept: "application/json" } });
      if (answer.status >= 500) throw new Error("not with us yet");
      if (answer.redirected || answer.status === 401) throw new Error("signed out");
      lost = null;
      if (waiting === sent) {
        waiting = null;
        write(KEPT, null);
      }
      await settled(answer);
    } catch {
      lost ??= String(Date.now());
      if (waiting) keep();
      show(form.dataset.wordsKept);
    }
    sending = false;
    if (waiting && waiting !== sent) await send();
  };

  const change = () => {
    waiting = collect();
    keep();
    show(form.dataset.wordsSaving);
    send();
  };

  form.addEventListener("change", change);
  // A text is kept while it is written, not only when its field is left.
  let pause = 0;
  form.addEventListener("input", (event) => {
    if (!(event.target instanceof HTMLTextAreaElement)) return;
    clearTimeout(pause);
    pause = setTimeout(change, WRITING);
  });
  // A submit sends everything itself; what was on its way is older than that.
  form.addEventListener("submit", () => {
    clearTimeout(pause);
    for (const [name, value] of noticed.take()) form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    waiting = null;
    write(KEPT, null);
  });
  addEventListener("online", send);
  setInterval(send, RETRY);
  send();
}

function tellTime(element) {
  const ahead = Date.now() - Date.parse(element.dataset.now);
  const announce = document.querySelector("[data-exam-announce]");
  const alert = document.querySelector("[data-exam-alert]");
  let deadline = Date.parse(element.dataset.deadline);
  let last = null;

  const say = (left) => {
    const due = AT.filter((one) => left <= one * 60000 && (last === null ? left > (one - 1) * 60000 : last > one * 60000));
    if (!announce || !due.length || left <= 0) return;
    const soon = Math.min(...due);
    if (soon === 1) alert.textContent = alert.dataset.words;
    else announce.textContent = announce.dataset.words.replace("{n}", String(soon));
  };

  const update = () => {
    const left = deadline - (Date.now() - ahead);
    const minutes = Math.max(0, Math.floor(left / 60000));
    const text = left <= 0 ? element.dataset.wordsOver : element.dataset.words.replace("{n}", String(minutes));
    if (element.textContent !== text) element.textContent = text;
    say(left);
    if (left <= 0 && last !== null && last > 0) {
      announce.textContent = announce.dataset.wordsOver;
      setTimeout(() => location.reload(), GRACE);
    }
    last = left;
  };

  countTo = (ends) => {
    const moved = Date.parse(ends);
    if (!ends || moved === deadline) return;
    const more = moved > deadline;
    deadline = moved;
    last = null;
    update();
    if (more) announce.textContent = announce.dataset.wordsMore.replace("{n}", element.textContent.match(/\d+/)?.[0] ?? "");
  };
  update();
  setInterval(update, 1000);
}

for (const form of document.querySelectorAll("form[data-exam]")) keepAnswers(form);
for (const element of document.querySelectorAll("[data-exam-clock]")) tellTime(element);
