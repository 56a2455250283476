// The work clock in the page: a beat every 30 s, sent again every 5 s until it is answered. The server's clock stamps it;
// from here it learns only how long ago there was any input, never what.
const BEAT = 30_000;
const AGAIN = 5_000;
const ASKED_BEFORE = 30; // seconds before it stops the clock asks "Still reading?"
const LONGEST_GAP = 75;

export function idleWatch(target = document, now = () => performance.now()) {
  let last = now();
  const seen = () => { last = now(); };
  for (const kind of ["pointermove", "pointerdown", "keydown", "wheel", "scroll", "touchstart"]) {
    target.addEventListener(kind, seen, { passive: true, capture: true });
  }
  return () => Math.max(0, (now() - last) / 1000);
}

export function minutes(seconds) {
  const whole = Math.floor(seconds);
  const rest = `${String(Math.floor(whole / 60) % 60).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
  return whole < 3600 ? rest : `${Math.floor(whole / 3600)}:${rest}`;
}

export function startClock(token) {
  const idle = idleWatch();
  let place = document.querySelector("[data-clock]");
  let open = null;
  let seq = 0;
  let state = "ended";
  let credited = 0;
  let used = 0;
  let planned = Infinity;
  let answeredAt = 0;
  let again = null;

  const post = async (url, body) => {
    const answer = await fetch(url, { method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": token() }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  };

  const hear = (said, newState) => {
    credited = said.credited;
    if (said.planned) [used, planned] = [said.used, said.planned];
    if (place) place.dataset.mayRead = said.may_read;
    answeredAt = performance.now();
    state = newState;
    for (const [name, seconds] of [["idle", said.idle], ["away", said.away], ["over", said.over]]) tell(`[data-${name}-seconds]`, seconds);
    tell("[data-used]", said.used);
    tell("[data-planned]", said.planned);
    tell("[data-credited]", said.credited);
    draw();
  };

  // In the words of the server: "1 h 02 m 05 s".
  function tell(selector, seconds) {
    const spot = document.querySelector(selector);
    if (!spot || seconds == null) return;
    const whole = Math.floor(seconds);
    const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, String(whole % 60).padStart(2, "0")];
    spot.textContent = hours ? `${hours} h ${String(minutes).padStart(2, "0")} m ${rest} s` : `${minutes} m ${rest} s`;
  }

  async function begin() {
    try {
      open = await post(place.dataset.open, { assignment: place.dataset.assignment });
      seq = 0;
      hear(open, "counting");
    } catch {
      state = "off";
      draw();
      setTimeout(begin, AGAIN);
    }
  }

  function beat() {
    clearTimeout(again);
    if (!open || state === "taken_over" || state === "ended") return;
    seq += 1;
    sendBeat(seq);
  }

  async function sendBeat(number) {
    try {
      const said = await post(open.beats, { epoch: open.epoch, seq: number, idle: idle() });
      if (number === seq) hear(said, said.state);
    } catch {
      if (number !== seq) return;
      state = "off";
      draw();
      again = setTimeout(() => number === seq && sendBeat(number), AGAIN);
    }
  }

  async function pause() {
    if (!open) return;
    try {
      hear(await post(open.stop, {}), "ended");
    } catch {
      setTimeout(pause, AGAIN);
    }
  }

  function draw() {
    const badge = document.querySelector("[data-clock-badge]");
    if (!badge || !place) return;
    const quiet = idle() - Number(place.dataset.mayRead);
    const shown = state === "counting" && quiet >= 0 ? "idle" : state === "idle" && quiet < 0 ? "counting" : state;
    const counting = shown === "counting";
    badge.classList.toggle("clock--counting", counting);
    const since = counting ? Math.min(LONGEST_GAP, (performance.now() - answeredAt) / 1000) : 0;
    const running = credited + Math.min(since, Math.max(0, planned - used));
    ask("reading", counting && quiet >= -ASKED_BEFORE);
    ask("taken", shown === "taken_over");
    ask("time", used + since >= Number(place.dataset.askFrom) * planned);
    const words = { counting: "counting", idle: "idle", capped: "capped", taken_over: "taken", ended: "ended", off: "off" }[shown];
    const text = `${minutes(running)} ${place.dataset[words]}`;
    const spot = badge.querySelector("[data-clock-words]") ?? badge;
    if (spot.textContent !== text) spot.textContent = text;
    drawButton(badge, counting);
  }

  function ask(what, wanted) {
    const box = document.querySelector(`[data-clock-ask="${what}"]`);
    if (box && box.hidden === wanted) box.hidden = !wanted;
  }

  function drawButton(badge, counting) {
    let button = document.querySelector("[data-clock-button]");
    if (!button) {
      button = document.createElement("button");
      button.type = "button";
      button.className = "button button--small";
      button.dataset.clockButton = "";
      button.addEventListener("click", () => (button.dataset.does === "pause" ? pause() : begin()));
      badge.after(button);
    }
    const does = counting || state === "idle" || state === "capped" ? "pause" : "here";
    button.hidden = state === "off";
    if (button.dataset.does === does) return;
    button.dataset.does = does;
    button.textContent = place.dataset[does];
  }

  // After the next task has come in, the clock goes on; where it had stopped, the person is plainly at work again.
  function attach() {
    place = document.querySelector("[data-clock]");
    readPlanned();
    if (place && state === "ended") begin();
    draw();
  }

  function readPlanned() {
    if (!place) return;
    [used, planned] = [Number(place.dataset.usedSeconds), Number(place.dataset.plannedSeconds)];
    if (state === "capped") state = "counting";
  }

  if (place) {
    readPlanned();
    begin();
    setInterval(beat, BEAT);
    setInterval(draw, 1000);
  }
  return { attach };
}
