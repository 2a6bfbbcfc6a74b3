#!/bin/sh
# Makes the tree that the image holds: what runs, and production dependencies only.
#   sh deploy/image/build-tree.sh TARGET
# Run it at the root of a copy of the repository (the Dockerfile's build stage, or deploy/check-image.mjs): it installs and
# builds there, and copies the outcome to TARGET, which must not exist yet.
set -eu

target=$1
export CI=1 NODE_ENV=development
# The version that package.json pins.
pnpm="npx --yes $(node -p "require('./package.json').packageManager")"

$pnpm install --frozen-lockfile
./node_modules/.bin/tsc -b
node apps/console/build.mjs

mkdir "$target"
cp package.json pnpm-lock.yaml pnpm-workspace.yaml "$target"
mkdir "$target/deploy"
cp -R deploy/image "$target/deploy"
rm "$target/deploy/image/build-tree.sh"
# Of the apps and packages: all but their sources and what only compilers and editors read. The samples are loaded as they were written.
tar -cf - \
  --exclude node_modules --exclude src --exclude 'tsconfig*.json' \
  --exclude apps/console/public --exclude apps/console/index.html --exclude 'apps/console/*.mjs' \
  --exclude samples/dist --exclude '*.tsbuildinfo' --exclude '*.d.ts' --exclude '*.map' \
  apps packages samples | tar -xf - -C "$target"

cd "$target"
$pnpm install --frozen-lockfile --prod --prefer-offline

# The compiler comes along as an optional peer of a dependency (valibot's); nothing that runs asks for it.
rm -rf node_modules/.pnpm/typescript@* node_modules/.pnpm/@typescript+* node_modules/.pnpm/node_modules/@typescript
find node_modules/.pnpm -type l -name typescript -exec rm {} +
