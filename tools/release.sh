#!/usr/bin/env bash
# Packs a release into dist/: packages, plugin archives, an SBOM of all runtime dependencies, checksums and notes. In a
# workflow for a tag it also publishes the npm packages, with provenance.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(node -p "require('./package.json').version")
tag=${GITHUB_REF_NAME:-v$version}
if [ "$tag" != "v$version" ]; then
  echo "the tag $tag is not v$version, the version in package.json" >&2
  exit 2
fi
# The newest section of the changelog must be this version's.
notes=$(awk -v version="$version" '/^## /{ on = ($0 ~ "^## \\[?" version) } on' CHANGELOG.md)
if [ -z "$notes" ]; then
  echo "CHANGELOG.md has no section for $version" >&2
  exit 2
fi

npm run --silent package
printf '%s\n' "$notes" >dist/NOTES.md
# npm calls the project by the name of its folder.
named='const bom = JSON.parse(require("fs").readFileSync(0, "utf8")); bom.metadata.component.name = "meshwright";'
npm sbom --sbom-format cyclonedx --omit dev --package-lock-only |
  node -e "$named process.stdout.write(JSON.stringify(bom, null, 2))" >"dist/meshwright-$version.cdx.json"
(cd dist && sha256sum -- *.tgz *.tar.gz *.cdx.json >SHA256SUMS)

if [ -n "${GITHUB_REF_NAME:-}" ]; then
  for package in meshwright meshwright-policy; do
    npm publish "dist/$package-$version.tgz" --provenance --access public
  done
else
  echo "not published: only the release workflow publishes" >&2
fi
