/** How long a message may be: the service says how many bytes a stanza may have. */
import { Selectors, type State } from "@andyet/simplewebrtc";
import { useSelector } from "react-redux";

/** What a message has beside its text: addresses, an id, the sender's name. */
const markup = 4096;

/** What the SDK's input can take: it spreads a text over the stack, which has no room for much more than 100,000. */
const mostCharacters = 64 * 1024;

/** Tells whether a text fits into a message. */
export function useFits(): (text: string) => boolean {
  // The SDK keeps what it was told, and has no type for what it does not know.
  const config: object = useSelector((state: State) => Selectors.getAPIConfig(state));
  const bound = "maxStanzaBytes" in config ? Number(config.maxStanzaBytes) : Infinity;
  return (text) => text.length <= mostCharacters && sentBytes(text) <= bound - markup;
}

// ---

/** Bytes of a text in XML. */
function sentBytes(text: string): number {
  const escaped = text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
  return new TextEncoder().encode(escaped).length;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};
