/** The version that `/healthz` and the documents tell: that of deno.json, which a Worker has not at hand. */
export const version = "1.0.0";
