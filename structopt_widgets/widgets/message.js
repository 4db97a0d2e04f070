// Two regions that stay in the page; only their text changes. It is text: names from models and data are no HTML.
function render({ model, el }) {
  const regions = [["status", "sw-info"], ["alert", "sw-error"]].map(([name, className]) => {
    const region = document.createElement("div");
    region.className = className;
    region.setAttribute("role", name);
    const show = () => { region.textContent = model.get(name); };
    model.on(`change:${name}`, show);
    show();
    el.append(region);
    return [name, show];
  });
  return () => regions.forEach(([name, show]) => model.off(`change:${name}`, show));
}

export default { render };
