#!/usr/bin/env sh
# run.sh lint: types and style of the browser modules. run.sh test: their unit tests, and whether these can fail.
# Both need node, which only developers have: without it they say so and go on; under CI=true that is a failure.
set -eu
cd "$(dirname "$0")/../.."

absent() {
  echo "browser modules not checked: $1"
  [ "${CI:-}" != true ]
  exit
}

command -v node >/dev/null || absent "node is not installed"
case "$1" in
lint)
  if [ ! node_modules/.installed -nt package-lock.json ]; then
    command -v npm >/dev/null || absent "npm is not installed"
    npm ci --no-audit --no-fund --silent || absent "npm cannot install the packages of package-lock.json"
    touch node_modules/.installed
  fi
  node_modules/.bin/tsc -p jsconfig.json
  node_modules/.bin/biome lint --error-on-warnings app/browser tests/js
  ;;
test)
  node --import ./tests/js/setup.js --test --test-reporter=dot tests/js/*.test.js
  node tests/js/planted.js
  ;;
esac
