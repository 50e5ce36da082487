# The image of Countersign: docs/deploying.md says how to build and run it.
#
# Tags are as narrow as tags can be; distroless has none of single versions. A digest fixes an image for good:
#   docker build --build-arg RUN_IMAGE=gcr.io/distroless/nodejs24-debian13@sha256:… .
ARG BUILD_IMAGE=docker.io/library/node:24.21.0-trixie-slim
ARG RUN_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot
# distroless: without shell and package manager; slim: with both
ARG VARIANT=distroless

# Compiles, and assembles the files of the image.
FROM ${BUILD_IMAGE} AS build
USER node
RUN mkdir /home/node/countersign
WORKDIR /home/node/countersign
COPY --chown=node:node package.json package-lock.json .npmrc ./
# No install script runs; the one of the package `node` would fetch a second Node.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY --chown=node:node . .
RUN npm run build && node scripts/image-tree.ts /home/node/image
# Node, where distroless has it.
RUN mkdir -p /home/node/slim/nodejs/bin && ln -s /usr/local/bin/node /home/node/slim/nodejs/bin/node

FROM ${RUN_IMAGE} AS distroless

# With a shell, for those who need one: docker build --build-arg VARIANT=slim .
FROM ${BUILD_IMAGE} AS slim
COPY --from=build /home/node/slim /

# Nothing in it can be changed by its user but /data.
FROM ${VARIANT} AS image
USER 65532:65532
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Countersign" \
      org.opencontainers.image.description="The bridge between e-sign providers and your internal systems" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build --chown=0:0 /home/node/image/app /app
COPY --from=build --chown=65532:65532 /home/node/image/data /data
ENV NODE_ENV=production COUNTERSIGN_CONFIG=/etc/countersign/countersign.yaml
WORKDIR /app
VOLUME /data
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["/nodejs/bin/node", "/app/dist/main.js", "healthcheck"]
ENTRYPOINT ["/nodejs/bin/node", "/app/dist/main.js"]
CMD ["serve"]
