type Child = Node | string | undefined | false;
type Attributes = Readonly<Record<string, string | boolean | undefined>>;

const SVG = 'http://www.w3.org/2000/svg';

/** An HTML element. `true` sets an attribute without value; `false` and `undefined` leave it out. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const created = document.createElement(tag);
  setAttributes(created, attributes);
  created.append(...children.filter((child) => child !== undefined && child !== false));
  return created;
}

/** An element of an inline SVG image. */
export function svg(tag: string, attributes: Attributes, ...children: readonly Node[]): SVGElement {
  const created = document.createElementNS(SVG, tag);
  setAttributes(created, attributes);
  created.append(...children);
  return created;
}

/** The part of the page with this id. @throws Error when the page has none of that kind. */
export function part<T extends Element>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page has no ${kind.name} called ${id}`);
  return found;
}

/** A button that calls back. An `id` keeps the focus on it when {@link replaceContents} draws it anew. */
export function button(label: Child, onPress: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const created = element('button', { type: 'button', ...attributes }, label);
  created.addEventListener('click', onPress);
  return created;
}

/** Replaces what is in a container; who had the focus there has it again, if it is still there by its id. */
export function replaceContents(container: Element, ...children: readonly Child[]): void {
  const focused = container.contains(document.activeElement) ? document.activeElement?.id : undefined;
  container.replaceChildren(...children.filter((child) => child !== undefined && child !== false));
  if (focused) document.getElementById(focused)?.focus();
}

function setAttributes(target: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) target.setAttribute(name, value === true ? '' : value);
  }
}
