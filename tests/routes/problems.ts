/**
 * What every error must look like.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Problem, type ProblemCode, problems } from "../../routes/problem.ts";

/** Asserts that an answer is a problem with this code (RFC 9457), and answers its detail. */
export async function assertProblem(response: Response, code: ProblemCode): Promise<string> {
  const text = await response.text();
  assert.equal(response.headers.get("content-type"), "application/problem+json", text);
  const problem = Problem.parse(JSON.parse(text));
  assert.equal(problem.code, code, text);
  assert.equal(problem.status, response.status);
  assert.equal(response.status, problems[code].status);
  assert.doesNotMatch(text, /select |insert |\.ts:\d|node_modules|Postgres/i, "neither SQL nor a stack");
  return problem.detail ?? "";
}
