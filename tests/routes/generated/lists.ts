/**
 * The lists that `/openapi.json` describes: what returns `{items, next}`.
 *
 * @module
 */

/** A list, in one of its orders. */
export interface List {
  /** For people: the operation and its order. */
  readonly name: string;
  readonly operationId: string;
  readonly path: string;
  /** The parameter that takes `next`. */
  readonly cursor: string;
  /** The type of `next` in TypeScript, as the document has it. */
  readonly cursorType: string;
  readonly query: Readonly<Record<string, unknown>>;
  /** Values of the parameters in its path. */
  readonly values: Readonly<Record<string, string>>;
}

/** Every list of a document. `values` has one for each parameter in their paths. */
// deno-lint-ignore no-explicit-any
export function listsOf(document: any, values: Readonly<Record<string, string>>): List[] {
  // deno-lint-ignore no-explicit-any
  return Object.entries<any>(document.paths).flatMap(([path, { get }]) => {
    const next = get?.responses[200]?.content?.["application/json"]?.schema.properties?.next;
    if (!next) return [];
    const [type, none] = next.type;
    if (!["string", "integer"].includes(type) || none !== "null" || next.type.length !== 2) {
      throw new Error(`${path}: next is ${next.type}, not a cursor or null`);
    }
    const names = new Set<string>(get.parameters.map(({ name }: { name: string }) => name));
    const list = {
      operationId: get.operationId,
      path,
      cursorType: type === "integer" ? "number" : type,
      values: Object.fromEntries(Object.entries(values).filter(([name]) => path.includes(`{${name}}`))),
    };
    if (names.has("cursor")) return [{ ...list, name: list.operationId, cursor: "cursor", query: {} }];
    return [["asc", "after"], ["desc", "before"]].map(([order, cursor]) => ({
      ...list,
      name: `${list.operationId}, ${order}`,
      cursor: cursor!,
      query: { order },
    }));
  });
}
