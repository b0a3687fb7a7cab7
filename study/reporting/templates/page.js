"use strict";
// Draws the charts, in the colours that the reader's system asks for; shows what is chosen; sorts tables.
(() => {
  const { charts, templates } = JSON.parse(document.getElementById("figures").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const narrow = matchMedia("(max-width: 34rem)");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let printing = false;

  const HEIGHT = 440, PAPER = 680; // pixels; the latter fits between the margins of A4 and Letter
  const config = {
    responsive: true, displaylogo: false, showTips: false, scrollZoom: false,
    modeBarButtons: [["toImage", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
    toImageButtonOptions: { format: "svg" },
  };

  function draw(figure) {
    const name = figure.dataset.chart, views = charts[name];
    const select = figure.querySelector("[data-choose]");
    const chosen = select ? select.value : Object.keys(views)[0];
    const night = dark.matches && !printing;
    // The darkest colour of the palette is a little lighter where the ground is dark.
    const text = JSON.stringify(views[chosen]), blue = night ? text.replaceAll("#0072b2", "#2f93d6") : text;
    const { data, layout } = JSON.parse(blue);
    layout.template = templates[night ? "dark" : "light"];
    layout.height ??= HEIGHT;
    layout.autosize = true;
    if (printing) layout.width = PAPER;
    if (narrow.matches && !printing) {
      // A finger scrolls the page over a chart; a drag would zoom it instead.
      layout.dragmode = false;
      layout.font = { ...layout.font, size: 11 };
    }
    if (still.matches) delete layout.transition;
    const place = figure.querySelector(".chart");
    Plotly.react(place, data, layout, { ...config, displayModeBar: narrow.matches ? false : "hover" });
    // Of a picture's hundreds of numbers a screen reader would say each: its label and the table beside it say more.
    for (const picture of place.querySelectorAll(".main-svg")) picture.setAttribute("aria-hidden", "true");
    for (const sheet of figure.querySelectorAll("[data-view]")) sheet.hidden = sheet.dataset.view !== chosen;
  }

  const figures = [...document.querySelectorAll("[data-chart]")];
  const drawAll = () => figures.forEach(draw);
  drawAll();
  for (const figure of figures) figure.querySelector("[data-choose]")?.addEventListener("change", () => draw(figure));
  dark.addEventListener("change", drawAll);
  narrow.addEventListener("change", drawAll);
  addEventListener("beforeprint", () => { printing = true; drawAll(); });
  addEventListener("afterprint", () => { printing = false; drawAll(); });

  // Groups of which one is shown at a time.
  for (const select of document.querySelectorAll("[data-show]")) {
    const parts = document.querySelectorAll(`[data-part="${select.dataset.show}"]`);
    const show = () => parts.forEach((part) => { part.hidden = part.dataset.of !== select.value; });
    select.addEventListener("change", show);
    show();
  }

  // What is empty comes last, whichever way a column is sorted; equal rows keep their order.
  function sort(table, column, ascending) {
    const body = table.tBodies[0];
    const key = (row) => {
      const cell = row.cells[column], text = cell.textContent;
      return text === "" ? null : cell.classList.contains("number") ? Number(text) : text;
    };
    const compare = (one, other) => (typeof one === "number" && typeof other === "number")
      ? one - other : String(one).localeCompare(String(other), undefined, { numeric: true });
    const rows = [...body.rows].map((row) => [key(row), row]);
    rows.sort(([one], [other]) => {
      if (one === null || other === null) return (one === null) - (other === null);
      return ascending ? compare(one, other) : compare(other, one);
    });
    body.append(...rows.map(([, row]) => row));
    [...table.tHead.rows[0].cells].forEach((head, place) => {
      if (place === column) head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
  }
  for (const table of document.querySelectorAll("table[data-sortable]")) {
    table.querySelectorAll("thead button").forEach((button, column) => {
      const head = button.parentElement;
      button.addEventListener("click", () => sort(table, column, head.getAttribute("aria-sort") !== "ascending"));
    });
  }
})();
