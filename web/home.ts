/**
 * The page at `/`: what runs here, and where to go.
 *
 * @module
 */
import { html } from "hono/html";

/** The home page, by the addresses it points to. */
export function homePage(
  { publicUrl, xmppUrl, demo }: { publicUrl: string; xmppUrl: string; demo: boolean },
) {
  const prefix = new URL(publicUrl).pathname.replace(/\/+$/, "");
  const streamUrl = publicUrl.replace(/^http/, "ws") + "/stream?after=0";
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Talky Core API</title>
        <style>
              :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
              body { max-width: 44rem; margin: 3rem auto; padding: 0 1rem; }
              h1 { line-height: 1.2; }
              code { background: light-dark(#eee, #333); padding: 0.1em 0.3em; border-radius: 3px; }
              dt { font-weight: 600; margin-top: 1rem; }
              dd { margin: 0; }
            </style>
      </head>
      <body>
        <h1>Talky Core API</h1>
        <p>Every call on this server as one ordered log: rooms, sessions, and eighteen types of events.</p>
        <dl>
          ${demo
            ? html`
              <dt><a href="${prefix}/demo">${prefix}/demo</a></dt>
              <dd>A call to try, with its events beside it</dd>
            `
            : ""}
          <dt><a href="${prefix}/readyz">${prefix}/readyz</a></dt>
          <dd>Whether database and Prosody work, and how far behind the log is</dd>
          <dt><a href="${prefix}/docs">${prefix}/docs</a></dt>
          <dd>Every endpoint, to read and try; for programs <a href="${prefix}/openapi.json">OpenAPI</a> and
            <a href="${prefix}/asyncapi.json">AsyncAPI</a></dd>
          <dt><a href="${prefix}/metrics">${prefix}/metrics</a></dt>
          <dd>For Prometheus</dd>
          <dt><code>${streamUrl}</code></dt>
          <dd>The live stream, over WebSocket (or SSE)</dd>
          <dt><code>${xmppUrl}</code></dt>
          <dd>Signalling: XMPP over WebSocket</dd>
        </dl>
        <p>Reading takes an operator's token: <code>deno task token</code>, then
              <code>curl -H "Authorization: Bearer $TOKEN" ${publicUrl}/rooms</code></p>
      </body>
    </html>
  `;
}
