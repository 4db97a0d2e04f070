// SVG elements and the marks that the plots share. Text is set as text: names from models and data are no HTML.

// An element of SVG with attributes; strings among its children are text.
export function svgElement(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
  node.append(...children);
  return node;
}

// A line of text in a plot.
export function label(x, y, text, className, anchor = "start") {
  return svgElement("text", { x, y, class: className, "text-anchor": anchor }, text);
}

// A number for a path, short.
export function pixel(value) {
  return value.toFixed(1);
}

export function circlePath(x, y, radius) {
  return `M${pixel(x - radius)} ${pixel(y)}a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0z`;
}

export function diamondPath(x, y, size) {
  return `M${pixel(x)} ${pixel(y - size)}l${size} ${size}l${-size} ${size}l${-size} ${-size}z`;
}

export function starPath(x, y) {
  const corners = [...Array(10).keys()].map((corner) => {
    const [radius, angle] = [corner % 2 ? 4 : 9, Math.PI * (corner / 5 - 0.5)];
    return `${pixel(x + radius * Math.cos(angle))} ${pixel(y + radius * Math.sin(angle))}`;
  });
  return `M${corners.join("L")}z`;
}

// Grid and ticks of both axes; tick labels by the functions given.
export function axesFrame(across, up, acrossText, upText) {
  const [left, right, bottom, top] = [across.start, across.end, up.start, up.end];
  const frame = svgElement("g", { "aria-hidden": "true" });
  across.ticks.forEach((tick) => {
    const x = pixel(across.at(tick));
    frame.append(svgElement("path", { class: "sw-grid", d: `M${x} ${top}V${bottom}` }));
    frame.append(label(x, bottom + 16, acrossText(tick), "sw-tick", "middle"));
  });
  up.ticks.forEach((tick) => {
    const y = up.at(tick);
    frame.append(svgElement("path", { class: "sw-grid", d: `M${left} ${pixel(y)}H${right}` }));
    frame.append(label(left - 6, pixel(y + 4), upText(tick), "sw-tick", "end"));
  });
  frame.append(svgElement("path", { class: "sw-axis", d: `M${left} ${top}V${bottom}H${right}` }));
  return frame;
}
