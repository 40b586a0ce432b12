import type { XmlTag } from '../xml-stream.ts';
import { joined, lengthOfParts, type Part } from './part.ts';

/** One element of a small tree: what of an indicator, an observable or a TTP is needed until it ends. */
export interface Element {
  readonly name: string;
  /** Local part of xsi:type. */
  readonly type: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
  text: string;
  children: readonly Element[];
  /** What the observables and indicators inside came to; they themselves are let go when they end. */
  parts: readonly Part[];
  /** Characters of them. */
  partsLength: number;
  /** How many they were, those without any part included. */
  operands: number;
  /** The id of the first that has one. */
  from: string | undefined;
  /** Under which a TTP with contents was stored. */
  key: string | undefined;
}

/** Most elements have no children, and hardly any has parts: they share these. */
const NO_CHILDREN: readonly Element[] = [];
const NO_PARTS: readonly Part[] = [];

export function elementOf({ name, type, attributes }: XmlTag): Element {
  return {
    name,
    type,
    attributes,
    text: '',
    children: NO_CHILDREN,
    parts: NO_PARTS,
    partsLength: 0,
    operands: 0,
    from: undefined,
    key: undefined,
  };
}

export function addChild(parent: Element, child: Element): void {
  if (parent.children === NO_CHILDREN) parent.children = [child];
  else (parent.children as Element[]).push(child);
}

/** The first array is shared, and copied when more come. */
export function addParts(parent: Element, parts: readonly Part[]): void {
  parent.parts = joined(parent.parts, parts);
  parent.partsLength += lengthOfParts(parts);
}

/** Lets go of what is in it. */
export function emptyElement(element: Element): void {
  element.children = NO_CHILDREN;
  element.parts = NO_PARTS;
}

/** The first element at the end of a path of names; of the given one when the path is empty. */
export function find(element: Element | undefined, ...path: readonly string[]): Element | undefined {
  let at = element;
  for (const name of path) {
    if (at === undefined) return undefined;
    at = childOf(at, name);
  }
  return at;
}

function childOf(element: Element, name: string): Element | undefined {
  for (const child of element.children) if (child.name === name) return child;
  return undefined;
}

/** All elements at the end of a path of names, whichever way it branches. */
export function findAll(element: Element, ...path: readonly string[]): Element[] {
  const found: Element[] = [];
  gather(element, path, 0, found);
  return found;
}

function gather(element: Element, path: readonly string[], step: number, found: Element[]): void {
  for (const child of element.children) {
    if (child.name !== path[step]) continue;
    if (step + 1 === path.length) found.push(child);
    else gather(child, path, step + 1, found);
  }
}

/** The text at the end of a path, on one line; undefined when there is none. */
export function textAt(element: Element | undefined, ...path: readonly string[]): string | undefined {
  const found = find(element, ...path);
  return found === undefined ? undefined : textOf(found);
}

/** Its text on one line; undefined when there is none. */
export function textOf({ text }: Element): string | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  return /[\t\n\r]| {2}/.test(trimmed) ? trimmed.replace(/\s+/g, ' ') : trimmed;
}

/** The texts at the end of a path, without empty and repeated ones. */
export function textsAt(element: Element, ...path: readonly string[]): string[] {
  return [...new Set(findAll(element, ...path).flatMap((each) => textOf(each) ?? []))];
}

/** Attributes like `id` and `timestamp` that are empty say nothing. */
export function attribute(element: Pick<Element, 'attributes'>, name: string): string | undefined {
  const value = element.attributes[name]?.trim();
  return value === '' ? undefined : value;
}

/** The id of what an element stands for, if it only refers to it. Authors also write an idref beside contents; then the contents count. */
export function referenceOf(element: Element): string | undefined {
  return element.children.length === 0 && element.operands === 0 ? attribute(element, 'idref') : undefined;
}
