// Building and updating the page. Text only ever becomes a text node or an attribute:
// what a machine reports is shown, never interpreted.

const SVG = new Set(['svg', 'path', 'rect', 'circle', 'g']);

/** An element. `null`, `undefined` and `false` leave an attribute or a child out. */
export function el(tag, attributes, ...children) {
  const node = SVG.has(tag)
    ? document.createElementNS('http://www.w3.org/2000/svg', tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child || child === 0));
  return node;
}

/**
 * Makes `from` look like `to` with as few changes as possible, so that focus, scrolling,
 * selected text and half-typed words survive a refresh.
 */
export function morph(from, to) {
  if (from.isEqualNode(to)) return;
  if (from.nodeType !== Node.ELEMENT_NODE) {
    from.nodeValue = to.nodeValue;
    return;
  }
  if (from.nodeName === 'SELECT' && from === document.activeElement) return; // may be open
  for (const { name } of [...from.attributes]) {
    const mine = name === 'open' && from.nodeName === 'DETAILS'; // the reader opened it
    if (!to.hasAttribute(name) && !mine) from.removeAttribute(name);
  }
  for (const { name, value } of [...to.attributes]) {
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
  const before = [...from.childNodes];
  const after = [...to.childNodes];
  after.forEach((child, i) => {
    if (!before[i]) from.append(child);
    else if (alike(before[i], child)) morph(before[i], child);
    else from.replaceChild(child, before[i]);
  });
  before.slice(after.length).forEach((child) => child.remove());
}

function alike(a, b) {
  return a.nodeName === b.nodeName && (a.id ?? '') === (b.id ?? '');
}
