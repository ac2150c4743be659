/**
 * How a secret may look where it should not be: as it is, in a URL, in base64, or a token's signature by itself.
 *
 * @module
 */
import { encodeBase64 } from "hono/utils/encode";

/** Secrets by what they are. */
export type Secrets = Readonly<Record<string, string>>;

/** Every form of a secret that gives it away, by the form's name. */
export function formsOf(secret: string): Record<string, string> {
  const [, , signature] = /^[\w-]+\.[\w-]+\.[\w-]+$/.test(secret) ? secret.split(".") : [];
  const parts: Record<string, string> = { whole: secret, ...signature && { signature } };
  return Object.fromEntries(
    Object.entries(parts).flatMap(([part, text]) => [
      [part, text],
      [`${part} in a URL`, encodeURIComponent(text)],
      // Behind other text, such as a user name, it is shifted; ends depend on what is beside it.
      ...[0, 1, 2].map((shift) => {
        const bytes = new TextEncoder().encode(" ".repeat(shift) + text);
        const whole = encodeBase64(bytes.slice(shift === 0 ? 0 : 3, bytes.length - bytes.length % 3).buffer);
        return [`${part} in base64, ${shift}`, whole];
      }),
    ]).flatMap(([name, text]) => [
      [name, text],
      [`${name}, for URLs`, text!.replaceAll("+", "-").replaceAll("/", "_")],
    ]),
  );
}

/** Where secrets are to be seen, as `SECRET (FORM) in PLACE: LINE`. */
export function leaks(secrets: Secrets, places: Readonly<Record<string, string>>): string[] {
  return Object.entries(places).flatMap(([place, text]) =>
    Object.entries(secrets).flatMap(([name, secret]) => {
      if (secret.length < 8) throw new Error(`${name} is no secret: ${secret}`);
      const found = Object.entries(formsOf(secret)).find(([, form]) => text.includes(form));
      if (!found) return [];
      const line = text.split("\n").find((line) => line.includes(found[1]));
      return [`${name} (${found[0]}) in ${place}: ${line?.slice(0, 400)}`];
    })
  );
}
