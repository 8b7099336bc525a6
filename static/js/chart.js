// Mounts plotly figures from inert JSON beside them. Colours arrive as tokens and follow the theme.

const libraries = new Map(); // each build of plotly that was asked for, by its address
const drawnBy = new WeakMap();
const frames = new Set();

function loadPlotly(source) {
  if (!libraries.has(source)) {
    libraries.set(
      source,
      new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = source;
        script.addEventListener("load", () => resolve(window.Plotly));
        script.addEventListener("error", () => reject(new Error("plotly did not load")));
        document.head.append(script);
      }),
    );
  }
  return libraries.get(source);
}

function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function withColours(value) {
  if (typeof value === "string") {
    return value.replaceAll(/var\((--[\w-]+)\)/g, (_, name) => token(name));
  }
  if (Array.isArray(value)) return value.map(withColours);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withColours(inner)]));
  }
  return value;
}

function axis(own = {}) {
  return {
    gridcolor: token("--hairline"),
    linecolor: token("--hairline"),
    zerolinecolor: token("--hairline"),
    tickfont: { color: token("--muted"), size: 12 },
    automargin: true,
    fixedrange: true,
    ...own,
  };
}

function layoutFor(own, height) {
  const layout = {
    margin: { l: 48, r: 16, t: 8, b: 36 },
    hovermode: "x unified",
    ...own,
    height,
    autosize: true,
    template: {},
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: token("--sans"), size: 12, color: token("--ink") },
    hoverlabel: { bgcolor: token("--surface"), bordercolor: token("--line"), font: { color: token("--ink") } },
    legend: { orientation: "h", y: -0.18, x: 0, font: { color: token("--muted") }, ...own.legend },
  };
  delete layout.width;
  for (const key of Object.keys(own)) {
    if (/^[xy]axis\d*$/.test(key)) layout[key] = axis(own[key]);
  }
  layout.xaxis = { showgrid: false, ...(layout.xaxis ?? axis()) };
  layout.yaxis ??= axis();
  return layout;
}

async function draw(frame) {
  const place = frame.querySelector("[data-chart-plot]");
  const figure = JSON.parse(frame.querySelector("[data-chart-data]").textContent);
  const library = await loadPlotly(frame.dataset.plotly);
  const coloured = withColours(figure);
  const options = { displayModeBar: false, responsive: true };
  const layout = layoutFor(coloured.layout ?? {}, Number(place.dataset.height));
  drawnBy.set(frame, library);
  await library.react(place, coloured.data, layout, options);
  frame.dataset.mounted = "yes";
}

function mountOne(frame) {
  if (frames.has(frame) || !frame.querySelector("[data-chart-data]")) return;
  frames.add(frame);
  const place = frame.querySelector("[data-chart-plot]");
  place.style.minHeight = `${place.dataset.height}px`; // the page keeps its place while the library loads
  const toggle = frame.querySelector("[data-chart-twin]");
  toggle?.addEventListener("click", () => {
    const shows = frame.toggleAttribute("data-twin");
    toggle.setAttribute("aria-pressed", String(shows));
    if (!shows) drawnBy.get(frame)?.Plots.resize(frame.querySelector("[data-chart-plot]"));
  });
  draw(frame).catch(() => {
    frames.delete(frame);
    // The table twin holds the same data and is what a page without scripts shows.
    place.remove();
    toggle?.remove();
  });
}

function redraw() {
  for (const frame of frames) {
    if (frame.isConnected) draw(frame);
    else frames.delete(frame);
  }
}

document.addEventListener("nofx:preference", (event) => {
  if (event.detail.name === "theme") redraw();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

export function mountCharts(root) {
  if (root.matches?.("[data-chart]")) mountOne(root);
  for (const frame of root.querySelectorAll("[data-chart]")) mountOne(frame);
}
