// One row for all: every width, every activation, every bias; with a search, the switches of what it found.
import { html, setText } from "./elements.js";

// all: the slider of all widths. shownRows: the places of the rows that are meant.
export function bulkRow(state, all, shownRows) {
  const { model } = state;
  const options = [...new Set(model.tables.flatMap((table) => table.options))];
  const mixed = html("option", { value: "", disabled: true, hidden: true }, "mixed");
  const activation = html("select", { "aria-label": "all activations", title: "sets every activation but outputs' and linear ones" },
    mixed, ...options.map((each) => html("option", {}, each)));
  const bias = html("input", { type: "checkbox", "aria-label": "all biases" });
  const name = html("span", { className: "sw-name sw-dim" });
  const el = html("div", { className: "sw-row sw-all" }, name, all.input, all.value, activation, bias, ...(model.blocks.length ? [html("span")] : []), html("span"), html("span"));
  activation.addEventListener("change", () => state.setMany("activations", state.bulkPlaces("activations", shownRows()), activation.value));
  bias.addEventListener("change", () => state.setMany("biases", state.bulkPlaces("biases", shownRows()), bias.checked));
  const paint = () => {
    all.paint();
    const rows = shownRows();
    setText(name, rows.length === model.rows.length ? "all layers" : `all widths; of ${rows.length} found`);
    const [functions, biases] = ["activations", "biases"].map((choice) => state.bulkPlaces(choice, rows).map((place) => state.now[choice][place]));
    activation.hidden = functions.length === 0;
    // Linear ones are not set along, and still seen.
    const seen = state.shownActivations(rows);
    activation.value = seen.every((each) => each === seen[0]) ? seen[0] ?? "" : "";
    bias.hidden = biases.length === 0;
    bias.checked = biases.every(Boolean);
    bias.indeterminate = !bias.checked && biases.some(Boolean);
  };
  return { el, paint };
}
