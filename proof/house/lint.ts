/// <reference lib="deno.unstable" />
/**
 * Our own rules for `deno lint`, so that editors show them too.
 *
 * @module
 */

/** A function of more lines than this is about more than one thing. */
const maxLines = 70;

function checkLength(context: Deno.lint.RuleContext) {
  return (node: Deno.lint.Node) => {
    const lines = context.sourceCode.getText(node).split("\n").length;
    if (lines > maxLines) {
      context.report({ node, message: `a function of ${lines} lines`, hint: `cut it: at most ${maxLines}` });
    }
  };
}

const plugin: Deno.lint.Plugin = {
  name: "talky",
  rules: {
    "short-functions": {
      create(context) {
        const check = checkLength(context);
        return { FunctionDeclaration: check, FunctionExpression: check, ArrowFunctionExpression: check };
      },
    },
  },
};
export default plugin;
