# The API alone; PostgreSQL and Prosody are elsewhere. See docs/deploy.md.
FROM node:22-bookworm-slim
ENV DENO_DIR=/deno-dir HOST=0.0.0.0 TALKY_ENV=production
WORKDIR /opt/talky
RUN npm install --global deno@2.9.6
COPY deno.json deno.lock ./
RUN deno install --frozen --quiet
COPY . .
RUN deno cache --quiet scripts/serve.ts scripts/db.ts && chown -R node /deno-dir
USER node
EXPOSE 8001
HEALTHCHECK --interval=10s --timeout=3s \
  CMD ["deno", "eval", "Deno.exit((await fetch(`http://127.0.0.1:${Deno.env.get('PORT') ?? 8001}/healthz`)).ok ? 0 : 1)"]
# Not by way of a task: the signal to stop goes to the service itself.
CMD ["deno", "run", "--no-prompt", "--v8-flags=--max-semi-space-size=8", "--allow-net", "--allow-env", "--allow-read", "scripts/serve.ts"]
