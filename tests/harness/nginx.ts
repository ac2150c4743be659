/**
 * A real nginx in front of the service, under a path, as a host is shared.
 *
 * @module
 */
import { findProgram } from "../../local/find_program.ts";
import { freePort } from "../../local/ports.ts";
import { until } from "./wait.ts";

/** Whether nginx takes the path off before it passes a request on. */
export type PassingOn = "without the path" | "with the path";

/** A running nginx. */
export interface Nginx extends AsyncDisposable {
  readonly port: number;
}

/** Starts one that serves `path` (`/talky`) from a port of the loopback interface, and nothing else. */
export async function startNginx(
  { path, to, passingOn, port = freePort() }: {
    readonly path: string;
    readonly to: number;
    readonly passingOn: PassingOn;
    readonly port?: number;
  },
): Promise<Nginx> {
  const program = await findProgram("nginx");
  if (!program) throw new Error("nginx is not installed: apt-get install nginx-light");
  const folder = await Deno.makeTempDir({ prefix: "talky-nginx-" });
  const file = `${folder}/nginx.conf`;
  await Deno.writeTextFile(file, configuration({ folder, path, to, port, passingOn }));
  const child = new Deno.Command(program, {
    args: ["-e", `${folder}/error.log`, "-c", file],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await until("nginx answers", async () => {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    await response.body?.cancel();
    return response.status === 404;
  });
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

// ---

function configuration(
  { folder, path, to, port, passingOn }: {
    folder: string;
    path: string;
    to: number;
    port: number;
    passingOn: PassingOn;
  },
): string {
  const target = `http://127.0.0.1:${to}`;
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder}/${name};`).join("\n  ");
  const proxy = (uri: string) => `
      proxy_pass ${target}${uri};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;`;
  return `daemon off;
master_process off;
pid ${folder}/pid;
events { worker_connections 256; }
http {
  access_log off;
  ${temporary}
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  server {
    listen 127.0.0.1:${port};
    location = ${path} {${proxy(passingOn === "with the path" ? "" : "/")}
    }
    location ${path}/ {${proxy(passingOn === "with the path" ? "" : "/")}
    }
    location / { return 404; }
  }
}
`;
}
