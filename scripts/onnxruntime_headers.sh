#!/bin/sh
# Lays out what the C++ program for ONNX Runtime is built with, as a release is: out/onnxruntime/include and lib.
# The headers are those of Debian trixie's libonnxruntime-dev, downloaded aside by apt with lists of its own, so that
# nothing of the system changes; the library is the one that onnxruntime-node ships, which is newer and offers that API too.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
to=$root/out/onnxruntime
library=$(ls "$root"/node_modules/onnxruntime-node/bin/napi-v*/linux/x64/libonnxruntime.so.1 | tail -n 1)

mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m 1 '/debian/*$') || {
  echo "apt has no Debian mirror here: unpack a release of ONNX Runtime and set ONNXRUNTIME_ROOT to its folder" >&2
  exit 1
}
aside=$(mktemp -d)
trap 'rm -rf "$aside"' EXIT
mkdir -p "$aside/lists/partial" "$aside/cache/archives/partial" "$aside/files"
keys=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keys] $mirror trixie main" > "$aside/sources.list"
aside_apt() {
  apt-get -qq -o Dir::Etc::SourceList="$aside/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$aside/lists" -o Dir::Cache="$aside/cache" -o APT::Sandbox::User=root "$@"
}
aside_apt update
(cd "$aside/files" && aside_apt download libonnxruntime-dev && dpkg -x ./libonnxruntime-dev_*.deb .)

rm -rf "$to"
mkdir -p "$to/lib"
mv "$aside/files/usr/include/onnxruntime" "$to/include"
ln -s "$library" "$to/lib/libonnxruntime.so.1"
echo "$to"
