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
    const html = [output.data["text/html"] ?? ""].flat().join("");
    if (html.includes(mark) && html !== bundle["text/html"]) {
      output.setData({ data: { ...output.data, ...bundle }, metadata: output.metadata });
    }
  }
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
  const onMessage = (bundle) => keep(notebook, mark, bundle);
  model.on("msg:custom", onMessage);
  let looks = 0;
  const looking = setInterval(() => {
    showAgain(notebook, mark, model.get("shown"));
    if (++looks === LOOKS) clearInterval(looking);
  }, LOOK_EVERY);
  model.send({ page: "loaded" });
  return () => {
    clearInterval(looking);
    model.off("msg:custom", onMessage);
  };
}

export default { initialize };
