// Runs in a saved output, where scripts run: puts the explorer in the place of its twin, without a kernel.
(() => {
  // Milliseconds in which JupyterLab may still find the kernel that shows the explorer itself; a hand on it does not wait.
  const LAB_LOADS = 15_000;
  const twin = document.currentScript.closest(".sw-twin");
  const traits = JSON.parse(twin.querySelector(".sw-alive").textContent);
  if (typeof traits === "string") return; // nobody has put them there
  // What the front end of anywidget would give: here nobody answers.
  const nothing = () => {};
  const model = { get: (name) => traits[name], set: (name, value) => { traits[name] = value; }, save_changes: nothing, send: nothing, on: nothing, off: nothing };

  const begin = async () => {
    const address = URL.createObjectURL(new Blob([traits._esm], { type: "text/javascript" }));
    const { default: widget } = await import(address);
    URL.revokeObjectURL(address);
    const [el, style] = ["div", "style"].map((each) => document.createElement(each));
    style.textContent = traits._css;
    await widget.render({ model, el });
    // The styles that hide it where the explorer itself stands stay.
    [...twin.children].filter((each) => each.tagName !== "STYLE").forEach((each) => each.remove());
    twin.append(style, el);
  };

  let hasBegun = false;
  const start = () => {
    const isSeen = twin.isConnected && twin.offsetParent !== null;
    if (isSeen && !hasBegun) {
      hasBegun = true;
      begin();
    }
    return isSeen;
  };
  twin.addEventListener("pointerdown", start, { once: true });
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some((each) => each.isIntersecting)) return;
    seen.disconnect();
    const wait = document.querySelector(".jp-LabShell") === null ? 0 : LAB_LOADS;
    setTimeout(() => { if (!start()) seen.observe(twin); }, wait);
  });
  seen.observe(twin);
})();
