// What a page does beside what it shows. All of it works without this script: it is for comfort alone.
(() => {
  const root = document.documentElement;

  /** Kept in this browser; a browser that keeps nothing has the defaults. */
  const kept = {
    get(name) {
      try {
        return localStorage.getItem(`countersign-${name}`);
      } catch {
        return null;
      }
    },
    set(name, value) {
      try {
        localStorage.setItem(`countersign-${name}`, value);
      } catch {}
    },
  };

  // Before the page is drawn, so that it does not flash.
  const theme = kept.get("theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;

  document.addEventListener("DOMContentLoaded", () => {
    showControls();
    setTimes();
    setInterval(setTimes, 5_000);
    document.addEventListener("click", onClick);
    document.addEventListener("keydown", onKey);
    document.addEventListener("change", onChange);
    document.addEventListener("focusout", () => setTimeout(catchUp));
    document.addEventListener("htmx:sse:before:message", onMessage);
    document.addEventListener("htmx:sse:error", (event) => onLost(event.detail?.status));
    document.addEventListener("htmx:response:error", (event) => onLost(event.detail?.ctx?.response?.status));
    document.addEventListener("htmx:after:swap", () => {
      showControls();
      setTimes();
    });
  });

  const all = (selector) => [...document.querySelectorAll(selector)];

  /** Buttons that do nothing without this script are hidden without it. */
  function showControls() {
    for (const one of all("[data-copy], [data-copy-block], .settings")) one.hidden = false;
    for (const one of all("[data-live]")) {
      one.hidden = document.getElementById("live") === null;
      one.setAttribute("aria-pressed", String(isLive));
    }
    for (const one of all("[data-zone]")) one.textContent = isLocal() ? "Local time" : "UTC";
    for (const one of all("[data-keys]")) one.checked = areKeysOn();
  }

  // Times

  const UNITS = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1_000],
  ];

  const isLocal = () => kept.get("zone") === "local";

  /** As the server writes it: see elements/time.ts. */
  function relative(at, now) {
    const distance = Math.abs(at - now);
    const [unit, size] = UNITS.find(([, size]) => distance >= size) ?? ["s", 0];
    if (size === 0) return "now";
    const text = `${Math.floor(distance / size)} ${unit}`;
    return at > now ? `in ${text}` : `${text} ago`;
  }

  function absolute(at) {
    const shift = isLocal() ? new Date(at).getTimezoneOffset() * 60_000 : 0;
    return new Date(at - shift).toISOString().slice(0, 19).replace("T", " ");
  }

  function setTimes() {
    for (const time of all("time")) {
      const at = Date.parse(time.dateTime);
      if (Number.isNaN(at)) continue;
      const text = "relative" in time.dataset ? relative(at, Date.now()) : absolute(at);
      if (time.textContent !== text) time.textContent = text;
      if ("relative" in time.dataset) time.title = `${absolute(at)}${isLocal() ? "" : " UTC"}`;
    }
  }

  // Live updates

  let isLive = true;
  let hasMissed = false;

  /** Nothing is replaced under a person's hands. */
  function isBusy() {
    const active = document.activeElement;
    const writes = active?.closest("#page form") != null && active.matches("input, select, textarea");
    const selects = !document.getSelection()?.isCollapsed;
    return !isLive || writes || selects || document.querySelector("dialog[open]") !== null;
  }

  function onMessage(event) {
    if (!isBusy()) return;
    hasMissed = true;
    event.preventDefault();
  }

  function catchUp() {
    if (!hasMissed || isBusy()) return;
    hasMissed = false;
    htmx.ajax("GET", location.href, { target: "#page", select: "#page > *", swap: "innerMorph" });
  }

  /** A session that has ended needs a person; a bridge that has enough live pages does not. */
  function onLost(status) {
    if (status === 401) location.reload();
    else if (status === 503) say("This page does not follow what happens: load it again to see what is new.");
  }

  function toggleLive() {
    if (document.getElementById("live") === null) return;
    isLive = !isLive;
    say(isLive ? "Live updates are on." : "Live updates are off.");
    showControls();
    catchUp();
  }

  function say(text) {
    const said = document.getElementById("said");
    if (said) said.textContent = text;
  }

  // Clicks

  async function onClick(event) {
    const id = event.target.closest("code[data-id]");
    if (id && !id.closest("a")) return copy(id.dataset.id, id);
    const button = event.target.closest("button");
    if (!button) return;
    if ("copy" in button.dataset) await copy(button.dataset.copy, button);
    else if ("copyBlock" in button.dataset)
      await copy(button.closest(".code").querySelector("code").textContent, button);
    else if ("live" in button.dataset) toggleLive();
    else if ("themeSwitch" in button.dataset) switchTheme();
    else if ("zone" in button.dataset) {
      kept.set("zone", isLocal() ? "utc" : "local");
      showControls();
      setTimes();
    } else if ("help" in button.dataset) document.getElementById("keys").showModal();
  }

  /** The clipboard's own function is missing over plain HTTP. */
  async function copy(text, button) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    const before = button.textContent;
    button.textContent = "Copied";
    say("Copied.");
    setTimeout(() => {
      button.textContent = before;
      say("");
    }, 1_500);
  }

  function switchTheme() {
    const isDark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
    kept.set("theme", root.dataset.theme);
  }

  /** A filter that is chosen is sent at once; a text by Enter. */
  function onChange(event) {
    if ("keys" in event.target.dataset) kept.set("keys", event.target.checked ? "on" : "off");
    else if (event.target.matches("[data-filters] select")) event.target.form.requestSubmit();
  }

  // Keys

  const areKeysOn = () => kept.get("keys") !== "off";
  let isGoing = false;

  function onKey(event) {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.matches("input, select, textarea, [contenteditable]")) {
      if (key === "Escape") target.blur();
      return;
    }
    if (!areKeysOn() || document.querySelector("dialog[open]")) return;
    const went = isGoing && all("[data-key]").find((one) => one.dataset.key === key);
    isGoing = key === "g" && !isGoing;
    if (went) went.click();
    else if (!isGoing && !press(key)) return;
    event.preventDefault();
  }

  function press(key) {
    if (key === "/") {
      const search = document.querySelector("[data-search]");
      search?.focus();
      search?.select();
      return search !== null;
    }
    if (key === "j" || key === "k") return step(key === "j" ? 1 : -1);
    if (key === ".") return toggleLive() ?? true;
    if (key === "r") return follow('#page a[href^="/replay"]');
    if (key !== "?") return false;
    document.getElementById("keys")?.showModal();
    return true;
  }

  /** False: the page has no such link. */
  function follow(selector) {
    const link = document.querySelector(selector);
    link?.click();
    return link !== null;
  }

  function step(by) {
    const rows = all("[data-row]");
    const at = rows.indexOf(document.activeElement);
    const next = rows[at === -1 ? (by > 0 ? 0 : rows.length - 1) : at + by];
    next?.focus();
    return rows.length > 0;
  }
})();
