// What the page does for the output that shows an explorer where it cannot live.

const VIEW = "application/vnd.jupyter.widget-view+json";
// An output without a view in it, once ipywidgets has given up on it; before that it lacks the class.
const GIVEN_UP = ".jp-OutputArea-output.jupyter-widgets:not(:has(> *))";
const LOOK_EVERY = 1000; // milliseconds
const LOOKS = 120;

// Every output of a JupyterLab notebook; none on other pages.
function* outputsOf(notebook) {
  for (let place = 0; place < (notebook?.cells.length ?? 0); place++) {
    const { outputs } = notebook.cells.get(place);
    for (let index = 0; index < (outputs?.length ?? 0); index++) yield outputs.get(index);
  }
}

// Put the twin into every output that holds it. A page loaded anew drops what the kernel sends to an output of before:
// JupyterLab knows outputs by their display id until then only.
function keep(notebook, mark, bundle) {
  for (const output of outputsOf(notebook)) {
    const html = htmlOf(output);
    if (html.includes(mark) && html !== bundle["text/html"]) {
      output.setData({ data: { ...output.data, ...bundle }, metadata: output.metadata });
    }
  }
}

function htmlOf(output) {
  return [output.data["text/html"] ?? ""].flat().join("");
}

// The twin that stands in the notebook; none where no output holds it.
function standing(notebook, mark) {
  return [...outputsOf(notebook)].map(htmlOf).find((html) => html.includes(mark)) ?? "";
}

// The twin with what makes it alive: the page has all of that, so it need not come from the kernel again.
async function enlivened(model, bundle) {
  const id = model.get("instrument");
  if (!id || !bundle["text/html"].includes(model.get("place"))) return bundle;
  const instrument = await model.widget_manager.get_model(id);
  const traits = Object.fromEntries(model.get("kept").map((name) => [name, instrument.get(name)]));
  // As in Python's: no name of a model may end the element.
  const data = JSON.stringify({ ...traits, work: model.get("work") }).replaceAll("<", "\\u003c");
  return { ...bundle, "text/html": bundle["text/html"].replace(model.get("place"), () => data) };
}

// Show the explorer again where ipywidgets has given up on it. On a page loaded anew it asks for the model for two
// seconds, does not look once more after the last wait, and calls it "not found" if all models came during that.
function showAgain(notebook, mark, id) {
  const owns = [...outputsOf(notebook)].filter((output) => output.data[VIEW]?.model_id === id);
  const twins = [...document.querySelectorAll(`.sw-twin[${mark}]`)];
  // Outputs out of sight may not be in the page.
  if (owns.length !== twins.length) return;
  twins.forEach((twin, index) => {
    const own = twin.closest(".jp-OutputArea-child")?.previousElementSibling;
    if (own?.querySelector(GIVEN_UP)) owns[index].setData({ data: owns[index].data, metadata: owns[index].metadata });
  });
}

function initialize({ model }) {
  const notebook = model.widget_manager?.context?.model;
  const mark = model.get("mark");
  const onMessage = async (sent) => {
    const bundle = sent.enliven ? { "text/html": standing(notebook, mark) } : sent;
    keep(notebook, mark, await enlivened(model, bundle));
  };
  model.on("msg:custom", onMessage);
  let looks = 0;
  const looking = setInterval(() => {
    showAgain(notebook, mark, model.get("shown"));
    if (++looks === LOOKS) clearInterval(looking);
  }, LOOK_EVERY);
  const [, drawn] = standing(notebook, mark).match(/data-drawn="(\d+)"/) ?? [];
  model.send({ page: "loaded", drawn: Number(drawn) });
  return () => {
    clearInterval(looking);
    model.off("msg:custom", onMessage);
  };
}

export default { initialize };
