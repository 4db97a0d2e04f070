// One row for many: every width, activation, bias and block of all layers, of a stage, of blocks or layers of a kind.
// With a search, the switches of what it found.
import { bulkScopes } from "./bulk_scopes.js";
import { html, setText } from "./elements.js";
import { named } from "./lever_row.js";
import { say } from "./words.js";

// many: makes a slider of several widths; free: the widths that can move; homes: the row of each width;
// found: the places of the rows that a search found, or null.
export function bulkRow(state, many, free, homes, found) {
  const { model } = state;
  const scopes = bulkScopes(model);
  const options = [...new Set(model.tables.flatMap((table) => table.options))];
  const mixed = html("option", { value: "", disabled: true, hidden: true }, say("mixed"));
  const activation = html("select", { className: "sw-activation", "aria-label": say("all activations"), title: say("sets every activation but outputs' and linear ones") },
    mixed, ...options.map((each) => html("option", {}, each)));
  const bias = html("input", { type: "checkbox", "aria-label": say("all biases") });
  const keep = html("input", { type: "checkbox", "aria-label": say("keep all blocks"), title: say("keep every block that can be left out") });
  const choice = html("select", { "aria-label": say("which layers"), title: say("which layers this row is for") }, ...choices(scopes));
  const name = html("span", { className: "sw-name sw-dim" });
  const el = html("div", { className: "sw-row sw-all sw-switched" });
  const sliders = new Map(); // by scope, made when it is chosen
  let scope = scopes[0];

  const slider = () => {
    if (!sliders.has(scope)) {
      const places = scope === scopes[0] ? free : free.filter((place) => scope.rows.includes(homes.get(place)));
      sliders.set(scope, many(scope === scopes[0] ? say("all widths") : say("all widths, {scope}", { scope: scope.title }), places, scope.key));
    }
    return sliders.get(scope);
  };
  const rows = () => found() ?? scope.rows;
  const blocks = () => (found() === null ? scope.blocks : []);
  const lay = () => el.replaceChildren(choice, name, slider().input, slider().value, activation, named("sw-bias", bias, say("bias")),
    ...(model.blocks.length ? [named("sw-keep", keep, say("keep"))] : []), html("span"), html("span"));
  lay();
  choice.addEventListener("change", () => {
    scope = scopes.find(({ key }) => key === choice.value);
    lay();
    paint();
    choice.focus();
  });
  activation.addEventListener("change", () => state.setMany("activations", state.bulkPlaces("activations", rows()), activation.value));
  bias.addEventListener("change", () => state.setMany("biases", state.bulkPlaces("biases", rows()), bias.checked));
  keep.addEventListener("change", () => state.setMany("blocks", blocks(), keep.checked));
  const showSwitch = (box, values) => {
    box.hidden = values.length === 0;
    box.checked = values.every(Boolean);
    box.indeterminate = !box.checked && values.some(Boolean);
  };
  const paint = () => {
    slider().paint();
    const meant = rows();
    choice.hidden = found() !== null || scopes.length === 1;
    name.hidden = !choice.hidden;
    setText(name, found() === null ? say("all layers") : say("{scope}; of {n} found", { scope: scope === scopes[0] ? say("all widths") : scope.title, n: meant.length }));
    activation.hidden = state.bulkPlaces("activations", meant).length === 0;
    // Linear ones are not set along, and still seen.
    const seen = state.shownActivations(meant);
    activation.value = seen.every((each) => each === seen[0]) ? seen[0] ?? "" : "";
    showSwitch(bias, state.bulkPlaces("biases", meant).map((place) => state.now.biases[place]));
    showSwitch(keep, blocks().map((place) => state.now.blocks[place]));
  };
  return { el, paint };
}

function choices(scopes) {
  const headings = [...new Set(scopes.map(({ heading }) => heading))];
  return headings.flatMap((heading) => {
    const own = scopes.filter((each) => each.heading === heading).map(({ key, title }) => html("option", { value: key }, title));
    return heading === "" ? own : [html("optgroup", { label: heading }, ...own)];
  });
}
