// Dash names a list by its value alone, and the controls inside its other boxes not at all: a screen reader says here
// the words of the label that stands beside them.
const CONTROLS = "button.dash-dropdown, input, [role=slider]";

function name() {
  for (const label of document.querySelectorAll("label[for]")) {
    const box = document.getElementById(label.htmlFor);
    if (!box || box.matches("input")) continue;
    label.id ||= `${label.htmlFor}-label`;
    const choices = box.querySelectorAll("input[type=radio], input[type=checkbox]").length > 0;
    if (choices) box.setAttribute("role", "group");
    for (const control of box.matches(CONTROLS) || choices ? [box] : box.querySelectorAll(CONTROLS)) {
      const names = (control.getAttribute("aria-labelledby") || "").split(" ").filter((id) => id);
      if (!names.includes(label.id)) control.setAttribute("aria-labelledby", [label.id, ...names].join(" "));
    }
  }
}

new MutationObserver(name).observe(document.documentElement, { childList: true, subtree: true });
