/** A request by way of an HTTP client of Deno's: an option that the web's types do not know. */
export function through(client: Deno.HttpClient, init: RequestInit = {}): RequestInit {
  const option: object = { client };
  return { ...init, ...option };
}
