# One image for both roles: `gateway` or `worker` is the command. Handlers that start programs of their own want an init
# process that collects them: `docker run --init`; docker-compose.yml asks for it.
#
# deploy/check-image.mjs follows these lines without Docker: it copies what COPY names, runs build-tree.sh, sets what ENV
# sets, and starts both roles. Keep to the forms that stand here.

# glibc is needed: libsql, which keeps the sample database, has no build for every musl.
FROM node:20-bookworm-slim AS build
WORKDIR /build
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml tsconfig.base.json tsconfig.json ./
COPY deploy/image deploy/image
COPY packages packages
COPY apps apps
COPY samples samples
RUN sh deploy/image/build-tree.sh /app

FROM node:20-bookworm-slim
LABEL org.opencontainers.image.title="FlexAction" org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production
ENV HOST=0.0.0.0
ENV PORT=8080
ENV HEALTH_PORT=8081
ENV DATA_DIR=/data
WORKDIR /app
COPY --from=build /app /app
RUN mkdir /data /actions && chown node:node /data
USER node
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 CMD ["node", "deploy/image/healthcheck.mjs"]
ENTRYPOINT ["sh", "deploy/image/entrypoint.sh"]
CMD ["gateway"]
