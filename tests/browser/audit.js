// Faults of a page that a reader with a screen reader, a keyboard, a narrow screen or weak eyes would meet.
() => {
  const faults = [];
  const seen = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const words = (element) => (element ? element.textContent.trim() : "");
  const where = (element) => `${element.outerHTML.replace(/\s+/g, " ").slice(0, 140)}`;

  // Names.
  const labels = (element) =>
    (element.getAttribute("aria-labelledby") || "").split(/\s+/).map((id) => id && document.getElementById(id)).filter((label) => label && !(element.ariaHasPopup && element.contains(label)));
  const labelled = (element) =>
    (element.getAttribute("aria-label") || "").trim() ||
    labels(element).map(words).join(" ").trim() ||
    [...(element.labels || [])].map(words).join(" ").trim() ||
    (element.getAttribute("title") || "").trim();
  const controls = "input:not([type=hidden]), select, textarea, [role=slider], [role=combobox], [role=spinbutton], [role=textbox], [role=radiogroup], [aria-haspopup=listbox]";
  for (const element of document.querySelectorAll(controls))
    if (seen(element) && !labelled(element)) faults.push(`no name: ${where(element)}`);
  for (const element of document.querySelectorAll("button, a[href], summary, [role=button], [role=tab]"))
    if (seen(element) && !labelled(element) && !words(element) && !element.querySelector("img[alt]:not([alt=''])"))
      faults.push(`no name: ${where(element)}`);
  for (const element of document.querySelectorAll("img"))
    if (!element.hasAttribute("alt")) faults.push(`no alt: ${where(element)}`);
  for (const element of document.querySelectorAll("[role=img], svg[role=img], canvas[role=img]"))
    if (!labelled(element) && !element.querySelector(":scope > title")) faults.push(`no name: ${where(element)}`);
  for (const element of document.querySelectorAll("table"))
    if (seen(element) && !element.querySelector("th")) faults.push(`a table without headers: ${where(element)}`);

  if (document.querySelector("[data-title='Share chart...']")) faults.push("a button that sends a chart elsewhere");

  // Headings.
  const levels = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter(seen);
  if (levels.filter((heading) => heading.tagName === "H1").length !== 1) faults.push("not exactly one h1");
  levels.reduce((before, heading) => {
    const level = Number(heading.tagName[1]);
    if (level > before + 1) faults.push(`h${level} after h${before}: ${where(heading)}`);
    return level;
  }, 0);
  if (!document.documentElement.lang) faults.push("the page names no language");
  if (!document.title.trim()) faults.push("the page has no title");
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id).filter((id) => id);
  const twice = ids.filter((id, place) => ids.indexOf(id) !== place);
  if (twice.length) faults.push(`ids that are there twice: ${[...new Set(twice)].slice(0, 5).join(", ")}`);

  // Width.
  const root = document.documentElement;
  if (root.scrollWidth > window.innerWidth) {
    const wide = [...document.body.querySelectorAll("*")].filter((e) => seen(e) && e.getBoundingClientRect().right > window.innerWidth + 1);
    const outermost = wide.filter((element) => !wide.includes(element.parentElement)).slice(0, 3);
    faults.push(`${root.scrollWidth} px wide on a screen of ${window.innerWidth}: ${outermost.map(where).join(" | ")}`);
  }

  // Contrast of text, WCAG 2 AA: 4.5, or 3 for large letters.
  const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const rgba = (colour) => {
    if (!known.has(colour)) {
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = colour;
      pen.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
      known.set(colour, [r, g, b, a / 255]);
    }
    return known.get(colour);
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const luminance = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== "none") return null;
      layers.push(rgba(style.backgroundColor));
      if (layers.at(-1)[3] === 1) break;
    }
    const dark = matchMedia("(prefers-color-scheme: dark)").matches && getComputedStyle(root).colorScheme.includes("dark");
    return layers.reduceRight((paper, layer) => over(layer, paper), dark ? [18, 18, 18, 1] : [255, 255, 255, 1]);
  };
  const poor = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || element.closest("svg, script, style, noscript, [disabled], [aria-disabled=true]")) continue;
    const box = element.getBoundingClientRect();
    if (!seen(element) || box.width < 2 || box.height < 2) continue;
    const paper = behind(element);
    if (!paper) continue;
    const style = getComputedStyle(element);
    const [light, dark] = [luminance(over(rgba(style.color), paper)), luminance(paper)].sort((a, b) => b - a);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < (large ? 3 : 4.5)) poor.add(`contrast ${ratio.toFixed(1)}: ${where(element)}`);
  }
  return [...faults, ...[...poor].slice(0, 8)];
};
