import type { Mutants } from "../mutant.ts";

const deliveries = "tests/webhooks/deliveries.test.ts";
const leases = "tests/webhooks/leases.test.ts";
const actions = "tests/webhooks/actions.test.ts";
const post = "tests/runtime/deno/webhook_post.test.ts";
const forms = "tests/webhooks/forms.test.ts";

/** Guarantee 10: whoever is told by webhook is told of everything, in order, and nobody else is reached. */
export const told: Mutants = {
  "the instance that delivers is stopped or killed": [{
    file: "db/webhook_leases.ts",
    find: "(lease_until is null or lease_until < now()",
    replace: "(lease_until is null",
    test: leases,
    name: "two instances, the one that delivers",
  }, {
    file: "webhooks/deliveries.ts",
    find: "await releaseLeases(sql, holder);",
    replace: "void [releaseLeases, sql, holder];",
    test: leases,
    name: "a lease is one's own",
  }],

  "two instances want the same webhook": [{
    file: "db/webhook_leases.ts",
    find: "lease_until < now()\n",
    replace: "lease_until < now() + interval '1 hour'\n",
    test: leases,
    name: "a lease is one's own",
  }],

  "events come while a batch fails": [{
    file: "db/webhook_leases.ts",
    find: "set failures = failures + 1,",
    replace: "set failures = failures + 1, batch = null,",
    test: deliveries,
    name: "a batch stays as it was cut",
  }],

  "the receiver moves, breaks off, hangs, or wants no more": [{
    file: "webhooks/outcome.ts",
    find: "status < 300",
    replace: "status < 400",
    test: deliveries,
    name: "410 disables",
  }, {
    file: "webhooks/outcome.ts",
    find: 'if (status === 410) return "disabled";',
    replace: "",
    test: deliveries,
    name: "410 disables",
  }, {
    file: "runtime/deno/webhook_post.ts",
    find: '({ ...failed("the answer broke off"), status })',
    replace: "({ status })",
    test: post,
    name: "an answer of any length",
  }],

  "one of many receivers hangs": [{
    // As if there were one way out for all.
    file: "webhooks/endpoint.ts",
    find: "const made = await attempt({ ...this.#context, opened }, this.#webhook.url, delivery, signal);",
    replace: `const way = this.#context as unknown as { last?: Promise<unknown> };
    const made = await (way.last = (way.last ?? Promise.resolve()).then(() =>
      attempt({ ...this.#context, opened }, this.#webhook.url, delivery, signal)
    )) as Awaited<ReturnType<typeof attempt>>;`,
    test: "tests/webhooks/many.test.ts",
    name: "200 endpoints",
  }],

  "retention passes the cursor, or the log is restored": [{
    file: "webhooks/cutting.ts",
    find: "if (event < bounds.earliest) {",
    replace: "if (event < 0) {",
    test: actions,
    name: "when retention passes",
  }, {
    file: "webhooks/cutting.ts",
    find: "if (bounds.generation !== generation) {",
    replace: "if (bounds.generation === undefined) {",
    test: actions,
    name: "when retention passes",
  }, {
    file: "db/webhook_holds.ts",
    find: "w.failures > 0",
    replace: "w.failures < 0",
    test: "tests/db/webhook_holds.test.ts",
    name: "what a failing webhook",
  }, {
    // What is left of a batch, under the id of all of it.
    file: "webhooks/cutting.ts",
    find: "return stopAt(await log.bounds(), generation, first) ?? { events };",
    replace: "return { events };",
    test: actions,
    name: "a batch of which a part",
  }],

  "a secret is replaced": [{
    file: "webhooks/signature.ts",
    find: 'signatures.join(" ")',
    replace: 'signatures[0] ?? ""',
    test: actions,
    name: "a secret is shown once",
  }, {
    file: "runtime/webhooks.ts",
    find: "until === null || Date.parse(until) > now",
    replace: "now > 0 || until",
    test: actions,
    name: "a secret is shown once",
  }],

  "a URL leads to what only this machine reaches": [{
    file: "webhooks/addresses.ts",
    find: "if (refusal) return `${literal} ${refusal}`;",
    replace: 'if (refusal && literal.includes(":")) return refusal;',
    test: post,
    name: "nothing that is not public",
  }, {
    // Of several addresses the first one.
    file: "runtime/deno/webhook_post.ts",
    find: "for (const { address } of found) {",
    replace: "for (const { address } of found.slice(0, 1)) {",
    test: post,
    name: "a name that is public when asked",
  }, {
    // Looked up, judged, and looked up again.
    file: "runtime/deno/webhook_post.ts",
    find: "if (options.all) callback(null, found.map(({ address, family }) => ({ address, family })));",
    replace: "if (options.all) resolve(hostname).then((again) => callback(null, [...again]));",
    test: post,
    name: "a name that is public when asked",
  }],

  "a person's name means something in a channel": [{
    file: "webhooks/chat.ts",
    find: '.replaceAll("@", "@\\u200b")',
    replace: "",
    test: forms,
    name: "slack and mattermost",
  }],
};
