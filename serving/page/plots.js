// Plotly, loaded when the first figure is wanted: cards never wait for it.

import { h } from "./elements.js";

let loading = null;
const drawn = new Map(); // element -> function that gives its figure again, for another colour scheme

export function plotly() {
  loading ??= new Promise((resolve, reject) => {
    const version = document.querySelector('meta[name="plotly-version"]').content;
    const script = h("script", { src: `/page/plotly.min.js?v=${encodeURIComponent(version)}` });
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("plotly could not be loaded"));
    document.head.append(script);
  });
  return loading;
}

// Once the browser has shown what there is.
export function afterPaint(work) {
  requestAnimationFrame(() => setTimeout(work, 0));
}

// figure(theme) gives {data, layout}; the place is drawn anew when the colour scheme changes.
export async function draw(place, figure, onDrawn = null) {
  const Plotly = await plotly();
  if (!place.isConnected) return;
  const { data, layout } = figure(theme());
  const config = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"], displayModeBar: "hover" };
  place.replaceChildren();
  await Plotly.newPlot(place, data, { ...base(theme()), ...layout }, config);
  place.dataset.drawn = "yes";
  drawn.set(place, figure);
  if (onDrawn) onDrawn(place);
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", async () => {
  const Plotly = await plotly();
  for (const [place, figure] of drawn) {
    if (!place.isConnected) {
      drawn.delete(place);
      continue;
    }
    const { data, layout } = figure(theme());
    await Plotly.react(place, data, { ...base(theme()), ...layout });
  }
});

// The colours of the style sheet.
export function theme() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const names = ["ink", "muted", "line", "surface", "accent", "band", "orange", "green", "purple", "yellow"];
  return Object.fromEntries(names.map((name) => [name, colour(name)]));
}

function base(colours) {
  return {
    font: { family: getComputedStyle(document.body).fontFamily, size: 13, color: colours.ink },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    hoverlabel: { bgcolor: colours.surface, bordercolor: colours.line, font: { color: colours.ink } },
    separators: ".",
  };
}

export function axis(colours, more) {
  return {
    color: colours.muted,
    gridcolor: colours.line,
    linecolor: colours.muted,
    zeroline: false,
    showline: true,
    ticks: "outside",
    tickcolor: colours.muted,
    ticklen: 4,
    ...more,
    title: { font: { size: 13 }, ...more.title },
  };
}
