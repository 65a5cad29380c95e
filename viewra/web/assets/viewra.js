// What makes the admin pages live. They work without it: it only refreshes parts, opens menus and draws charts.
"use strict";
(() => {
  document.documentElement.classList.add("scripted");

  // ---- parts that show what happens now: <… data-live="plugin scan" data-about="ID" id="…"> ----

  const QUIET_MS = 800;
  const waiting = new Map();

  const refresh = (part) => {
    // The last event counts as well: what came while a refresh was due is shown by the next one.
    if (waiting.has(part.id)) return;
    waiting.set(part.id, setTimeout(() => {
      waiting.delete(part.id);
      const now = document.getElementById(part.id);
      if (now && !document.hidden) htmx.trigger(now, "viewra:refresh");
    }, QUIET_MS));
  };
  const parts = () => [...document.querySelectorAll("[data-live]")];
  const arrivals = () => [...document.querySelectorAll("[data-arriving]")];
  const refreshAll = () => parts().forEach(refresh);

  // ---- packages on their way: <div data-arriving> with a paragraph and a progress bar inside ----

  const arrive = (place, { id, done, total, status }) => {
    if (place.dataset.about && id && place.dataset.about !== id) return;
    const [text, bar] = [place.querySelector("p"), place.querySelector("progress")];
    place.hidden = status !== "running";
    text.textContent = `${id || "A package"}: ${units.bytes(done)}${total ? ` of ${units.bytes(total)}` : ""}`;
    if (total) { bar.max = total; bar.value = done; } else bar.removeAttribute("value");
  };

  let stream = null;
  const follow = () => {
    const kinds = [...new Set(parts().flatMap((part) => part.dataset.live.split(" ")))];
    if (arrivals().length) kinds.push("package");
    if (!kinds.length || stream || document.hidden) return;
    stream = new EventSource(`/api/v1/events?kinds=${kinds.join(",")}`);
    const seen = (event) => {
      let about = {};
      try { about = JSON.parse(event.data); } catch { /* a heartbeat */ }
      if (event.type === "package") arrivals().forEach((place) => arrive(place, about));
      const names = [about.id, about.plugin, about.scan_job_id].map(String);
      for (const part of parts()) {
        const wanted = part.dataset.live.split(" ").includes(event.type);
        if (wanted && (!part.dataset.about || names.includes(part.dataset.about))) refresh(part);
      }
    };
    kinds.forEach((kind) => stream.addEventListener(kind, seen));
    stream.addEventListener("reset", refreshAll);
  };
  const unfollow = () => { stream?.close(); stream = null; };
  // A hidden tab holds no connection: browsers open six to a site, and many tabs would use them up.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) unfollow();
    else { refreshAll(); follow(); }
  });
  addEventListener("pagehide", unfollow);
  addEventListener("pageshow", follow);

  // ---- the menu of narrow windows ----

  const onMenu = () => {
    const button = document.querySelector(".menu-switch");
    const menu = document.getElementById("menu");
    if (!button || !menu) return;
    const set = (open) => {
      menu.toggleAttribute("data-closed", !open);
      button.setAttribute("aria-expanded", String(open));
    };
    set(false);
    button.addEventListener("click", () => set(menu.hasAttribute("data-closed")));
    menu.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { set(false); button.focus(); }
    });
  };

  // ---- tabs that are wider than the window: the present one is seen ----

  const onTabs = () => document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  // ---- forms ----

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
  });
  document.addEventListener("input", (event) => {
    const shown = event.target.type === "range" && document.querySelector(`[data-shows="${CSS.escape(event.target.id)}"]`);
    if (shown) shown.textContent = event.target.value;
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copies]");
    if (!button) return;
    navigator.clipboard?.writeText(document.querySelector(button.dataset.copies).textContent.trim());
    button.textContent = "Copied";
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input, textarea, select, [contenteditable]")) return;
    const search = document.querySelector("input[type=search]");
    if (search) { event.preventDefault(); search.focus(); search.select(); }
  });

  // ---- a log that is followed stays at its end ----

  let atEnd = true;
  const toEnd = () => document.querySelectorAll(".log[data-live]").forEach((log) => {
    if (atEnd) log.scrollTop = log.scrollHeight;
  });
  document.addEventListener("scroll", ({ target }) => {
    if (target.matches?.(".log")) atEnd = target.scrollHeight - target.scrollTop - target.clientHeight < 40;
  }, true);

  // ---- charts: <div data-figures="URL"> with <div data-chart="NAME" data-labels="…" data-unit="…"> inside ----

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const SERIES = ["--accent", "--warn", "--good"];
  const units = {
    bytes: (value) => value >= 1073741824 ? `${(value / 1073741824).toFixed(1)} GiB` : `${(value / 1048576).toFixed(0)} MiB`,
    percent: (value) => `${value.toFixed(value < 10 ? 1 : 0)} %`,
    seconds: (value) => value < 0.001 ? `${(value * 1e6).toFixed(0)} µs` : value < 1 ? `${(value * 1000).toFixed(value < 0.01 ? 1 : 0)} ms` : `${value.toFixed(1)} s`,
    rate: (value) => `${value.toFixed(value < 10 ? 1 : 0)}/s`,
  };
  const plots = new Map();
  const clock = (at) => new Date(at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

  const span = (times) => {
    const last = times.length ? times[times.length - 1] : Date.now() / 1000;
    return [Math.min(times.length ? times[0] : last, last - 20), last];
  };

  const draw = (place, data) => {
    const unit = units[place.dataset.unit];
    const nothing = place.dataset.unit === "rate" ? (value) => !value : (value) => value === null;
    const something = !data.slice(1).every((values) => values.every(nothing));
    place.querySelector(".chart-empty").hidden = something;
    const known = plots.get(place);
    if (known) { known.setData(data); return; }
    const labels = place.dataset.labels.split("|");
    const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    const plot = new uPlot({
      width: place.clientWidth, height: 190, padding: [10, 26, 0, 0],
      cursor: { drag: { x: false, y: false } },
      scales: { x: { range: (plot) => span(plot.data[0]) }, y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.15 : 1] } },
      axes: [{ ...axis, space: 90, values: (_plot, values) => values.map(clock) }, { ...axis, size: 66, space: 34, values: (_plot, values) => values.map((value) => value === null ? "" : unit(value)) }],
      series: [
        { value: (_plot, at) => at === null ? "–" : clock(at) },
        ...labels.map((label, index) => ({
          label, width: 2, stroke: colour(SERIES[index]), points: { show: (plot) => plot.data[0].length < 4 },
          value: (_plot, value) => value === null || value === undefined ? "–" : unit(value),
        })),
      ],
    }, data, place);
    plots.set(place, plot);
    new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: 190 })).observe(place);
  };

  const FIGURES_EVERY_MS = 2000;
  const figures = async (place) => {
    if (!document.hidden) {
      try {
        const answer = await fetch(place.dataset.figures, { headers: { Accept: "application/json" } });
        if (answer.ok) {
          const all = await answer.json();
          place.querySelectorAll("[data-chart]").forEach((chart) => draw(chart, all[chart.dataset.chart]));
        }
      } catch { /* the host is away: the next look may find it again */ }
    }
    setTimeout(() => figures(place), FIGURES_EVERY_MS);
  };

  document.addEventListener("DOMContentLoaded", () => {
    onMenu();
    onTabs();
    follow();
    toEnd();
    document.querySelectorAll("[data-figures]").forEach((place) => figures(place));
  });
  document.addEventListener("htmx:before:response", (event) => {
    const { sourceElement, response } = event.detail.ctx;
    if (response.raw.redirected && new URL(response.raw.url).pathname === "/admin/sign-in") {
      event.preventDefault();
      location.assign(response.raw.url);  // the session has ended
    } else if (response.status >= 400 && sourceElement.closest("[data-live]") && !sourceElement.matches("form")) {
      event.preventDefault();  // what is shown stays until the host answers again
    }
  });
  let focused = null;
  document.addEventListener("focusin", (event) => { focused = event.target; });
  document.addEventListener("htmx:after:swap", () => {
    follow();
    toEnd();
    // Who works by keyboard would begin at the top of the page again once the button that was pressed is gone.
    if (focused && !focused.isConnected && document.activeElement === document.body) {
      document.getElementById("content")?.focus({ preventScroll: true });
    }
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    if (plots.size) location.reload();  // charts take their colours when they are drawn
  });
})();
